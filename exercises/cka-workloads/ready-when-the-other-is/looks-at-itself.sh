kubectl run {{ app.name }} -n {{ app.ns }} --image=nginx:1.27 --dry-run=client -o json | jq '.spec.containers[0] += {readinessProbe: {httpGet: {path: "/", port: 80}}, livenessProbe: {exec: {command: ["true"]}}}' | kubectl create -f -
kubectl run {{ app.needs }} -n {{ app.ns }} --image=nginx:1.27 -l app={{ app.needs }}
sleep 30
