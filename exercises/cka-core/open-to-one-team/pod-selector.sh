cat > deny.yaml <<EOF
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: deny-all
  namespace: {{ api.ns }}
spec:
  podSelector: {}
  policyTypes: ["Ingress"]
EOF
kubectl apply -f deny.yaml
cat > policy.yaml <<EOF
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: allow-{{ api.team }}
  namespace: {{ api.ns }}
spec:
  podSelector:
    matchLabels:
      app: api
  policyTypes: ["Ingress"]
  ingress:
  - from:
    - podSelector:
        matchLabels:
          team: {{ api.team }}
    ports:
    - protocol: TCP
      port: 80
EOF
kubectl apply -f policy.yaml
