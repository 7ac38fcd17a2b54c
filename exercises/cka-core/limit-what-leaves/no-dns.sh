cat > policy.yaml <<EOF
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: crawler
  namespace: {{ ns }}
spec:
  podSelector:
    matchLabels:
      app: crawler
  policyTypes: ["Egress"]
  egress:
  - to:
    - podSelector:
        matchLabels:
          app: {{ dep }}
    ports:
    - protocol: TCP
      port: 80
EOF
kubectl apply -f policy.yaml
