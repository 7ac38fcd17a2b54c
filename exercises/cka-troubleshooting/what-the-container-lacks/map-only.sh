kubectl describe pods -n {{ app.ns }} -l app={{ app.name }}
kubectl patch configmap {{ app.cm }} -n {{ app.ns }} -p '{"data":{"{{ app.key }}":"{{ app.value }}"}}'
