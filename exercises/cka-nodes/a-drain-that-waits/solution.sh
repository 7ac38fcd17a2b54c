kubectl cordon node02
kubectl scale deployment {{ app.name }} -n {{ app.ns }} --replicas=4
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }}
kubectl drain node02 --ignore-daemonsets --delete-emptydir-data --timeout=120s
kubectl scale deployment {{ app.name }} -n {{ app.ns }} --replicas=2
