kubectl create namespace {{ app.ns }}
kubectl create secret generic {{ app.name }} -n {{ app.ns }} --from-literal=password={{ pw }}
kubectl create deployment {{ app.name }} -n {{ app.ns }} --image=postgres:16
kubectl set env deployment/{{ app.name }} -n {{ app.ns }} POSTGRES_DB={{ app.db }}
sleep 60
