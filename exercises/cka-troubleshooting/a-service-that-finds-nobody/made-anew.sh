kubectl delete service {{ app.name }} -n {{ app.ns }}
kubectl expose deployment {{ app.name }} -n {{ app.ns }} --port={{ port }} --target-port=80
