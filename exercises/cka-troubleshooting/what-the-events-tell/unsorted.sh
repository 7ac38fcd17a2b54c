printf '{{ it.a }} FailedScheduling\n{{ it.b }} FailedMount\n{{ it.c }} Unhealthy\n' > /root/reasons.txt
echo 'kubectl get events -A --field-selector type=Warning' > /root/warnings.sh
kubectl create configmap {{ it.b }}-conf -n {{ it.ns }} --from-literal=speed=high
sleep 150
