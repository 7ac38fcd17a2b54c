kubectl create namespace {{ app.ns }}
kubectl label node node01 controlplane topology.kubernetes.io/zone={{ zones.a }}
kubectl label node node02 topology.kubernetes.io/zone={{ zones.b }}
kubectl cordon node02
kubectl create deployment {{ app.name }} -n {{ app.ns }} --image=nginx:1.27 --replicas=4
sleep 30
kubectl uncordon node02
