kubectl apply -f - <<EOF
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api-out, namespace: {{ ns }}}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Egress]
  egress:
  - to: [{namespaceSelector: {}}, {ipBlock: {cidr: 0.0.0.0/0}}]
    ports: [{port: 53, protocol: TCP}, {port: 53, protocol: UDP}]
  - to: [{podSelector: {matchExpressions: [{key: app, operator: In, values: [cache]}]}}]
    ports: [{port: 6379}]
  - to: [{podSelector: {matchLabels: {app: {{ first }}}}}]
    ports: [{port: 5432}]
EOF
