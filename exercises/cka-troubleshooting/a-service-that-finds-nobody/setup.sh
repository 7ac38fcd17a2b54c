kubectl create namespace {{ app.ns }}
kubectl apply -f - <<EOF
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ app.name }}, namespace: {{ app.ns }}}
spec:
  replicas: 2
  selector: {matchLabels: {app: {{ app.label }}}}
  template:
    metadata: {labels: {app: {{ app.label }}}}
    spec: {containers: [{name: main, image: "nginx:1.27", ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: {{ app.name }}, namespace: {{ app.ns }}}
spec:
  selector: {app: {{ app.name }}}
  ports: [{port: {{ port }}, targetPort: {{ port }}}]
EOF
