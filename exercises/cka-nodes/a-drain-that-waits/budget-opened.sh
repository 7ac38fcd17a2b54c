kubectl patch pdb {{ app.name }} -n {{ app.ns }} -p '{"spec":{"minAvailable":1}}'
kubectl drain node02 --ignore-daemonsets --delete-emptydir-data --timeout=120s
