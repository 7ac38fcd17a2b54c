kubectl apply -f - <<EOF
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api-out, namespace: {{ ns }}}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Egress]
  egress:
  - ports: [{port: 53, protocol: TCP}, {port: 53, protocol: UDP}]
  - to: [{podSelector: {matchLabels: {app: cache}}}, {podSelector: {matchLabels: {app: {{ first }}}}}]
    ports: [{port: 6379}, {port: 5432}]
EOF
