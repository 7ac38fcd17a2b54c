kubectl set image deployment/{{ app.name }} -n {{ app.ns }} {{ app.container }}={{ app.good }}
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }}
