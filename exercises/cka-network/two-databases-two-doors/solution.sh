cat > policy.yaml <<EOF
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: api-out
  namespace: {{ ns }}
spec:
  podSelector:
    matchLabels:
      app: api
  policyTypes: ["Egress"]
  egress:
  - to: [{podSelector: {matchLabels: {app: {{ first }}}}}]
    ports:
    - {port: 5432, protocol: TCP}
  - to: [{podSelector: {matchLabels: {app: cache}}}]
    ports:
    - {port: 6379, protocol: TCP}
  - ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
EOF
kubectl apply -f policy.yaml
