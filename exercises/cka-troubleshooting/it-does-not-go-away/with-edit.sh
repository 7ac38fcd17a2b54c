kubectl get cm {{ keep }} -n {{ ns }} -o json | jq 'del(.metadata.finalizers)' | kubectl replace -f -
kubectl wait --for=delete namespace/{{ ns }} --timeout=120s
kubectl create ns {{ ns }}
kubectl create cm {{ keep }} -n {{ ns }} --from-literal=state=new
