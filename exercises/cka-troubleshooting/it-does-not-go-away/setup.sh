kubectl create namespace {{ ns }}
kubectl create configmap {{ keep }} -n {{ ns }} --from-literal=state=old
kubectl patch configmap {{ keep }} -n {{ ns }} -p '{"metadata":{"finalizers":["uncordon.example/tidy"]}}'
kubectl get ns {{ ns }} -o jsonpath='{.metadata.uid}' > /var/tmp/.uid
kubectl delete namespace {{ ns }} --wait=false
