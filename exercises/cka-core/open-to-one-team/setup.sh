kubectl create namespace {{ api.ns }}
kubectl create namespace {{ api.team }}-dev
kubectl label namespace {{ api.team }}-dev team={{ api.team }}
kubectl create namespace {{ api.stranger }}
kubectl label namespace {{ api.stranger }} team={{ api.stranger }}
kubectl run api -n {{ api.ns }} --image=nginx:1.27 --labels=app=api --port=80 --expose
kubectl run admin -n {{ api.ns }} --image=nginx:1.27 --labels=app=admin --port=80 --expose
