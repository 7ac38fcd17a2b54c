cat > policies.yaml <<EOF
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: closed
  namespace: {{ ns }}
spec:
  podSelector: {}
  policyTypes: ["Ingress"]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: desk-open
  namespace: {{ ns }}
spec:
  podSelector: {matchLabels: {app: desk}}
  ingress:
  - from:
    - namespaceSelector: {}
EOF
kubectl apply -f policies.yaml
