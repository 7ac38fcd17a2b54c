kubectl apply -f - <<EOF
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: {{ it.ns }}, namespace: {{ it.ns }}}
spec:
  gatewayClassName: nginx
  listeners:
  - name: http
    protocol: HTTP
    port: 80
    hostname: {{ it.host }}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: {{ it.ns }}, namespace: {{ it.ns }}}
spec:
  parentRefs:
  - name: {{ it.ns }}
  hostnames: [{{ it.host }}]
  rules:
  - matches:
    - path: {type: PathPrefix, value: /{{ it.api }}}
    - headers: [{name: x-beta, value: "on"}]
    backendRefs:
    - {name: {{ it.api }}, port: 8080}
  - backendRefs:
    - {name: {{ it.ui }}, port: 80}
EOF
sleep 10
