kubectl get namespace {{ ns }} -o yaml
kubectl patch configmap {{ keep }} -n {{ ns }} --type=merge -p '{"metadata":{"finalizers":null}}'
sleep 30
kubectl create namespace {{ ns }}
kubectl create configmap {{ keep }} -n {{ ns }} --from-literal=state=new
