mkdir -p /opt/answers
kubectl create namespace {{ app.ns }}
kubectl run {{ app.name }} -n {{ app.ns }} --image=nginx:1.27 --labels=app={{ app.name }}
