cat > policy.yaml <<EOF
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: store
  namespace: {{ ns }}
spec:
  podSelector: {matchLabels: {app: store}}
  ingress:
  - from:
    - podSelector: {matchExpressions: [{key: role, operator: In, values: [{{ client }}]}]}
    ports: [{port: 6379}]
EOF
kubectl apply -f policy.yaml
