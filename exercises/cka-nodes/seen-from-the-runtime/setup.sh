kubectl create namespace {{ app.ns }}
kubectl apply -f - <<EOF
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ app.name }}, namespace: {{ app.ns }}}
spec:
  selector: {matchLabels: {app: {{ app.name }}}}
  template:
    metadata: {labels: {app: {{ app.name }}}}
    spec:
      nodeSelector: {kubernetes.io/hostname: {{ node }}}
      terminationGracePeriodSeconds: 1
      containers:
      - {name: {{ app.name }}, image: "busybox:1.36", command: [sh, -c, "for i in 1 2 3 4; do echo reading \$i of {{ app.name }}; done; sleep 100000"]}
EOF
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }}
kubectl get pods -n {{ app.ns }} -o jsonpath='{.items[0].metadata.uid}' > /var/tmp/.uid
kubectl get pods -n {{ app.ns }} -o jsonpath='{.items[0].status.containerStatuses[0].containerID}' | sed 's/.*:..//' > /var/tmp/.id
kubectl logs -n {{ app.ns }} deploy/{{ app.name }} > /var/tmp/.log
