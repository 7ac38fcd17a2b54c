kubectl get deployment {{ app.name }} -n {{ app.ns }} -o yaml > d.yaml
sed -i -e 's/maxSurge: .*/maxSurge: {{ surge }}/' -e 's/maxUnavailable: .*/maxUnavailable: 0/' -e 's/nginx:1.26/nginx:1.27/' d.yaml
kubectl apply -f d.yaml
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }}
kubectl annotate deployment {{ app.name }} -n {{ app.ns }} kubernetes.io/change-cause="security update"
