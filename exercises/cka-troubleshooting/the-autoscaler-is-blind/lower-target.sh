kubectl delete hpa {{ app.name }} -n {{ app.ns }}
kubectl autoscale deployment {{ app.name }}-web --name {{ app.name }} -n {{ app.ns }} --min 2 --max 6 --cpu 20%
