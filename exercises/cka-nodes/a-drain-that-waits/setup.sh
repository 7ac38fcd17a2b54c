kubectl create namespace {{ app.ns }}
kubectl cordon node01
kubectl create deployment {{ app.name }} -n {{ app.ns }} --image=nginx:1.27 --replicas=2
kubectl create pdb {{ app.name }} -n {{ app.ns }} --selector=app={{ app.name }} --min-available=2
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }}
kubectl uncordon node01
kubectl get pdb {{ app.name }} -n {{ app.ns }} -o jsonpath='{.metadata.uid}' > /var/tmp/.uid
