kubectl describe pods -n {{ app.ns }} -l app={{ app.name }}
kubectl patch deployment {{ app.name }} -n {{ app.ns }} -p '{"spec":{"template":{"spec":{"containers":[{"name":"web","livenessProbe":{"httpGet":{"path":"/"}},"readinessProbe":{"httpGet":{"port":80}}}]}}}}'
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }} --timeout=120s
