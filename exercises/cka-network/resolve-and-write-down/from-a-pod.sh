kubectl create service clusterip {{ app.name }} -n {{ app.ns }} --tcp=80:80
kubectl run tmp --image=busybox:1.36 --restart=Never -- sleep 3600
kubectl wait --for=condition=Ready pod/tmp
kubectl exec tmp -- nslookup {{ app.name }}.{{ app.ns }}.svc.cluster.local | tail -n 3 | grep Address | awk '{print $2}' > /opt/answers/service.txt
kubectl get pod {{ app.name }} -n {{ app.ns }} -o json | jq -r '(.status.podIP | gsub("\\."; "-")) + ".{{ app.ns }}.pod.cluster.local"' > /opt/answers/pod.txt
kubectl exec tmp -- nslookup $(cat /opt/answers/pod.txt)
