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
    - podSelector: {matchLabels: {role: {{ client }}}}
EOF
kubectl apply -f policy.yaml
