kubectl scale deployment {{ app.name }} -n {{ app.ns }} --replicas=3
sleep 20
kubectl drain node02 --ignore-daemonsets --timeout=180s
kubectl scale deployment {{ app.name }} -n {{ app.ns }} --replicas=2
