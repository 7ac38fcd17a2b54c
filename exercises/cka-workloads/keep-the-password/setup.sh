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
      terminationGracePeriodSeconds: 2
      containers:
      - name: main
        image: busybox:1.36
        command: [sleep, infinity]
        env: [{name: DB_PASSWORD, value: "tide-{{ app.name }}-42"}]
EOF
