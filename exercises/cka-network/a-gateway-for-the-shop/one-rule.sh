kubectl apply -n {{ it.ns }} -f - <<EOF
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: {{ it.ns }}}
spec:
  gatewayClassName: nginx
  listeners: [{name: http, protocol: HTTP, port: 80, hostname: {{ it.host }}, allowedRoutes: {namespaces: {from: Same}}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: {{ it.ns }}}
spec:
  parentRefs: [{name: {{ it.ns }}, sectionName: http}]
  hostnames: [{{ it.host }}]
  rules:
  - matches: [{path: {value: /}}]
    backendRefs: [{name: {{ it.ui }}, port: 80}]
  - matches: [{path: {value: /{{ it.api }}}}]
    backendRefs: [{name: {{ it.api }}, port: 8080}]
  - matches: [{headers: [{name: X-Beta, value: "on"}]}]
    backendRefs: [{name: {{ it.api }}, port: 8080}]
EOF
sleep 10
