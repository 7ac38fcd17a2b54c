kubectl create namespace {{ app.ns }}
cat > deploy.yaml <<EOF
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ app.name }}
  namespace: {{ app.ns }}
spec:
  replicas: 3
  selector: {matchLabels: {app: {{ app.name }}}}
  template:
    metadata: {labels: {app: {{ app.name }}}}
    spec:
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
          - topologyKey: kubernetes.io/hostname
            labelSelector: {matchLabels: {app: {{ app.name }}}}
      containers:
      - name: main
        image: nginx:1.27
EOF
kubectl apply -f deploy.yaml
