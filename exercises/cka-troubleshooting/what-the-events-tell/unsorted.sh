printf '{{ it.a }} FailedScheduling\n{{ it.b }} FailedMount\n{{ it.c }} Unhealthy\n' > /opt/reasons.txt
echo 'kubectl get events -A --field-selector type=Warning' > /opt/warnings.sh
kubectl create configmap {{ it.b }}-conf -n {{ it.ns }} --from-literal=speed=high
sleep 150
