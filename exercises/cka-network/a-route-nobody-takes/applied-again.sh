kubectl delete httproute {{ it.svc }} -n {{ it.ns }}
kubectl label namespace {{ it.ns }} public=yes
kubectl apply -f - <<EOF
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: {{ it.svc }}, namespace: {{ it.ns }}}
spec:
  parentRefs: [{name: public, namespace: {{ it.infra }}}]
  hostnames: [{{ it.host }}]
  rules:
  - backendRefs: [{name: {{ it.svc }}, port: 8080}]
EOF
sleep 5
