cat > policy.yaml <<EOF
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: store
  namespace: {{ ns }}
spec:
  podSelector: {}
  ingress:
  - from:
    - podSelector: {matchLabels: {role: {{ client }}}}
    ports: [{port: 6379}]
EOF
kubectl apply -f policy.yaml
