kubectl describe pods -n {{ app.ns }} -l app={{ app.name }}
kubectl patch configmap {{ app.cm }} -n {{ app.ns }} -p '{"data":{"{{ app.key }}":"{{ app.value }}"}}'
kubectl create secret generic {{ app.name }}-api -n {{ app.ns }} --from-literal=token=t-{{ app.name }}-7
