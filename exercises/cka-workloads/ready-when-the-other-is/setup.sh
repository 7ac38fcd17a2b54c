kubectl create namespace {{ app.ns }}
kubectl create service clusterip {{ app.needs }} -n {{ app.ns }} --tcp=80:80
