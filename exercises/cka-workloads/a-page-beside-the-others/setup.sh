kubectl create namespace {{ app.ns }}
kubectl create deployment {{ app.name }} -n {{ app.ns }} --image=nginx:1.27 --replicas=2
kubectl expose deployment {{ app.name }} -n {{ app.ns }} --port=80
