kubectl get events -n {{ it.ns }} --field-selector type=Warning
printf '{{ it.a }} FailedScheduling\n{{ it.b }} FailedMount\n{{ it.c }} Unhealthy\n' > /opt/reasons.txt
echo 'kubectl get events -A --field-selector type=Warning --sort-by=.metadata.creationTimestamp' > /opt/warnings.sh
kubectl create configmap {{ it.b }}-conf -n {{ it.ns }} --from-literal=speed=high
kubectl wait --for=condition=Ready pod/{{ it.b }} -n {{ it.ns }} --timeout=180s
