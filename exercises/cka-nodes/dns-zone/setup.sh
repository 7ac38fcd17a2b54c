kubectl create deployment {{ svc }} --image=nginx:1.27
kubectl expose deployment {{ svc }} --port=80
kubectl run asker --image=busybox:1.36 -- sleep infinity
kubectl -n kube-system get cm coredns -o yaml | sed 's/kubernetes cluster.local/kubernetes {{ zone }}/' | kubectl replace -f - >/dev/null
kubectl -n kube-system rollout restart deployment coredns
sleep 60
