kubectl create namespace {{ app.ns }}
kubectl apply -f - <<EOF
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ app.name }}-web, namespace: {{ app.ns }}}
spec:
  replicas: 2
  selector: {matchLabels: {app: {{ app.name }}}}
  template:
    metadata: {labels: {app: {{ app.name }}}}
    spec:
      containers:
      - {name: main, image: "nginx:1.27", resources: {requests: {cpu: 100m}}}
      - {name: {{ app.side }}, image: "busybox:1.36", command: [sleep, infinity]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: {{ app.name }}, namespace: {{ app.ns }}}
spec:
  minReplicas: 2
  maxReplicas: 6
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ app.name }}}
  metrics:
  - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}
EOF
sleep 60
