printf '{{ it.a }} Pending\n{{ it.b }} ContainerCreating\n{{ it.c }} Running\n' > /opt/reasons.txt
echo 'kubectl get events -A --field-selector type=Warning --sort-by=.lastTimestamp' > /opt/warnings.sh
kubectl create configmap {{ it.b }}-conf -n {{ it.ns }} --from-literal=speed=high
sleep 150
