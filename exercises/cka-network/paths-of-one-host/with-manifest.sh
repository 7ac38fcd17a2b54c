kubectl apply -f - <<EOF
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: {{ app.ns }}, namespace: {{ app.ns }}}
spec:
  ingressClassName: nginx
  rules:
  - host: {{ app.host }}
    http:
      paths:
      - {path: /{{ app.a }}, pathType: Prefix, backend: {service: {name: {{ app.a }}, port: {number: 80}}}}
      - {path: /{{ app.b }}, pathType: Prefix, backend: {service: {name: {{ app.b }}, port: {number: 8080}}}}
EOF
