mkdir -p /opt/ingress
kubectl create namespace {{ app.ns }}
kubectl create deployment {{ app.name }} -n {{ app.ns }} --image=nginx:1.27
kubectl expose deployment {{ app.name }} -n {{ app.ns }} --port=80
cat > /opt/ingress/{{ app.name }}.yaml <<EOF
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: {{ app.name }}, namespace: {{ app.ns }}}
spec:
  rules:
  - host: {{ app.host }}
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: {{ app.name }}, port: {number: 80}}}}]}
EOF
kubectl apply -f /opt/ingress/{{ app.name }}.yaml
