kubectl apply -f - <<EOF
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: {{ ns }}}
spec: {podSelector: {}, ingress: []}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: desk-open, namespace: {{ ns }}}
spec:
  podSelector: {matchExpressions: [{key: app, operator: In, values: [desk]}]}
  ingress: [{ports: [{port: 80}]}]
EOF
