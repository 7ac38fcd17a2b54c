kubectl label namespace {{ it.ns }} public=yes
kubectl patch httproute {{ it.svc }} -n {{ it.ns }} --type=json -p '[{"op": "remove", "path": "/spec/parentRefs/0/sectionName"}]'
sleep 5
