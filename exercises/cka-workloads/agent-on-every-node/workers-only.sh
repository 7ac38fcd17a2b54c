cat > ds.yaml <<EOF
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: {{ app.name }}
  namespace: {{ app.ns }}
spec:
  selector: {matchLabels: {app: {{ app.name }}}}
  template:
    metadata: {labels: {app: {{ app.name }}, tier: {{ app.tier }}}}
    spec:
      containers:
      - name: main
        image: busybox:1.36
        command: ["sleep", "infinity"]
        resources:
          requests:
            cpu: {{ cpu }}
            memory: 16Mi
EOF
kubectl apply -f ds.yaml
