kubectl patch httproute {{ it.svc }} -n {{ it.ns }} --type=json -p '[{"op": "replace", "path": "/spec/parentRefs/0/sectionName", "value": "web"}, {"op": "replace", "path": "/spec/rules/0/backendRefs/0/port", "value": 8080}]'
kubectl label namespace {{ it.ns }} public=yes
sleep 5
