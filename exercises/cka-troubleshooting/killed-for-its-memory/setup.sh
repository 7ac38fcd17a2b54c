mkdir -p /opt/answers
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
      containers:
      - name: main
        image: polinux/stress:latest
        command: [stress]
        args: [--vm, "1", --vm-bytes, {{ need }}M, --vm-hang, "1"]
        resources: {requests: {cpu: 20m, memory: 32Mi}, limits: {memory: 64Mi}}
EOF
sleep 60
