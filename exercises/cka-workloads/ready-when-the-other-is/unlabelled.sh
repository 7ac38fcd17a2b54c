kubectl run {{ app.name }} -n {{ app.ns }} --image=nginx:1.27 --dry-run=client -o json | jq '.spec.containers[0] += {readinessProbe: {exec: {command: ["curl", "-sf", "http://{{ app.needs }}"]}}, livenessProbe: {exec: {command: ["true"]}}}' | kubectl create -f -
kubectl run {{ app.needs }} -n {{ app.ns }} --image=nginx:1.27
sleep 30
