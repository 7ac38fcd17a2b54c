kubectl run {{ app.name }} -n {{ app.ns }} --image=nginx:1.27 --dry-run=client -o json | jq '.spec.containers[0] += {readinessProbe: {exec: {command: ["sh", "-c", "curl --max-time 2 -s {{ app.needs }}.{{ app.ns }}.svc.cluster.local >/dev/null"]}, timeoutSeconds: 3}, livenessProbe: {exec: {command: ["sh", "-c", "true"]}}}' | kubectl create -f -
sleep 20
kubectl run {{ app.needs }} -n {{ app.ns }} --image=nginx:1.27 -l app={{ app.needs }} --port=80
sleep 30
