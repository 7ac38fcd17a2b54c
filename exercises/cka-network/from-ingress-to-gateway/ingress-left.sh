kubectl apply -n {{ it.ns }} -f - <<EOF
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: {{ it.web }}}
spec:
  gatewayClassName: nginx
  listeners: [{name: https, protocol: HTTPS, port: 443, hostname: {{ it.host }}, tls: {certificateRefs: [{name: {{ it.web }}-tls}]}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: {{ it.web }}}
spec:
  parentRefs: [{name: {{ it.web }}}]
  rules:
  - matches: [{path: {value: /api}}]
    backendRefs: [{name: api, port: 80}]
  - backendRefs: [{name: {{ it.web }}, port: 80}]
EOF
sleep 10
