kubectl delete configmap {{ keep }} -n {{ ns }} --force --grace-period=0 --wait=false
sleep 30
kubectl create namespace {{ ns }}
kubectl create configmap {{ keep }} -n {{ ns }} --from-literal=state=new
