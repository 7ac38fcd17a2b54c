kubectl create namespace {{ it.infra }}
kubectl create namespace {{ it.ns }}
kubectl create deployment {{ it.svc }} -n {{ it.ns }} --image=hashicorp/http-echo:1.0 -- /http-echo "-text=this is {{ it.svc }}" -listen=:5678
kubectl expose deployment {{ it.svc }} -n {{ it.ns }} --port=8080 --target-port=5678
sleep 15
kubectl apply -f - <<EOF
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: {{ it.infra }}}
spec:
  gatewayClassName: nginx
  listeners:
  - {name: web, protocol: HTTP, port: 80, allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {public: "yes"}}}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: {{ it.svc }}, namespace: {{ it.ns }}}
spec:
  parentRefs: [{name: public, namespace: {{ it.infra }}, sectionName: http}]
  hostnames: [{{ it.host }}]
  rules:
  - backendRefs: [{name: {{ it.svc }}, port: 80}]
EOF
sleep 15
