kubectl create deployment {{ svc }} --image=nginx:1.27
kubectl expose deployment {{ svc }} --port=80
kubectl run asker --image=busybox:1.36 -- sleep infinity
sleep 20
{{ fault.break }}
sleep 40
