kubectl apply -f - <<EOF
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: {{ it.web }}, namespace: {{ it.ns }}}
spec:
  gatewayClassName: nginx
  listeners:
  - name: https
    protocol: HTTPS
    port: 443
    hostname: {{ it.host }}
    tls:
      mode: Terminate
      certificateRefs:
      - name: {{ it.web }}-tls
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: {{ it.web }}, namespace: {{ it.ns }}}
spec:
  parentRefs:
  - name: {{ it.web }}
  hostnames: [{{ it.host }}]
  rules:
  - matches:
    - path: {value: /api}
    backendRefs:
    - {name: api, port: 80}
  - backendRefs:
    - {name: {{ it.web }}, port: 80}
EOF
sleep 10
kubectl delete ingress {{ it.web }} -n {{ it.ns }}
