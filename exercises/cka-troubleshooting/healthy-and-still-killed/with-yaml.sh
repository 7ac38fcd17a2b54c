kubectl get deployment {{ app.name }} -n {{ app.ns }} -o yaml > d.yaml
sed -i -e 's#path: /healthz#path: /#' -e 's/port: 8080/port: http/' d.yaml
kubectl replace -f d.yaml
