kubectl create deployment {{ app.name }} -n {{ app.ns }} --image=nginx:1.27
kubectl patch deployment {{ app.name }} -n {{ app.ns }} -p '{"spec":{"template":{"spec":{"nodeSelector":{"disk":"nvme"}}}}}'
