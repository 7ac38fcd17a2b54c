kubectl create namespace {{ app.ns }}
kubectl create deployment {{ app.name }} -n {{ app.ns }} --image=nginx:1.26 --replicas=4
