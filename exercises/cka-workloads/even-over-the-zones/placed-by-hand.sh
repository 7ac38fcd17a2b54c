kubectl rollout restart deployment {{ app.name }} -n {{ app.ns }}
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }} --timeout=120s
