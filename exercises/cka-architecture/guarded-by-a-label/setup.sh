kubectl create namespace {{ app.ns }}
kubectl create deployment {{ app.name }} -n {{ app.ns }} --image=nginxinc/nginx-unprivileged:1.27 --replicas=2
