cat > hpa.yaml <<EOF
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ app.name }}
  namespace: {{ app.ns }}
spec:
  minReplicas: 2
  maxReplicas: {{ most }}
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ app.name }}}
  metrics:
  - type: Resource
    resource:
      name: cpu
      target: {type: Utilization, averageUtilization: {{ load }}}
  behavior:
    scaleDown:
      stabilizationWindowSeconds: {{ calm }}
      selectPolicy: Min
      policies:
      - {type: Pods, value: 1, periodSeconds: 60}
      - {type: Percent, value: 100, periodSeconds: 60}
EOF
kubectl create -f hpa.yaml
