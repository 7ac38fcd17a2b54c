cat > d.yaml <<EOF
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ app.name }}
  namespace: {{ app.ns }}
spec:
  selector: {matchLabels: {app: {{ app.name }}}}
  template:
    metadata: {labels: {app: {{ app.name }}}}
    spec:
      containers:
      - {name: main, image: "nginx:1.27"}
      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms:
            - matchExpressions:
              - {key: disk, operator: In, values: [ssd, nvme]}
          preferredDuringSchedulingIgnoredDuringExecution:
          - weight: {{ weight }}
            preference:
              matchExpressions:
              - {key: spot, operator: DoesNotExist}
EOF
kubectl apply -f d.yaml
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }}
