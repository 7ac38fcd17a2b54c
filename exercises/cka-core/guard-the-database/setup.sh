kubectl create namespace {{ ns }}
kubectl run store -n {{ ns }} --image=redis:7 --labels=app=store --port=6379 --expose
kubectl run page -n {{ ns }} --image=nginx:1.27 --labels=app=page --port=80 --expose
