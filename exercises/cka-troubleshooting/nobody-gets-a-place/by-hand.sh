for p in $(kubectl get pods -l app={{ app }} -o name); do
kubectl get $p -o json | jq '.spec.nodeName = "node01"' > p.json
kubectl replace --force -f p.json
done
