kubectl create namespace {{ ns }}
kubectl run safe -n {{ ns }} --image=nginx:1.27 --labels=app=safe --port=80 --expose
kubectl run desk -n {{ ns }} --image=nginx:1.27 --labels=app=desk --port=80 --expose
