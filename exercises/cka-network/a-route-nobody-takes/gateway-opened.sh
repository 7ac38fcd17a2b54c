kubectl patch gateway public -n {{ it.infra }} --type=json -p '[{"op": "replace", "path": "/spec/listeners/0/name", "value": "http"}, {"op": "replace", "path": "/spec/listeners/0/allowedRoutes", "value": {"namespaces": {"from": "All"}}}]'
kubectl patch httproute {{ it.svc }} -n {{ it.ns }} --type=json -p '[{"op": "replace", "path": "/spec/rules/0/backendRefs/0/port", "value": 8080}]'
sleep 5
