kubectl create namespace {{ app.ns }}
kubectl apply -n {{ app.ns }} -f - <<EOF
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ app.svc }}}
spec:
  replicas: 2
  selector: {matchLabels: {app: {{ app.svc }}, tier: web}}
  template:
    metadata: {labels: {app: {{ app.svc }}, tier: web}}
    spec:
      containers:
      - {name: main, image: "hashicorp/http-echo:1.0", args: ["-text=this is {{ app.svc }}", "-listen=:5678"], ports: [{containerPort: 5678}]}
---
apiVersion: v1
kind: Service
metadata: {name: {{ app.svc }}}
spec:
  selector: {app: {{ app.svc }}, tier: frontend}
  ports: [{port: 80, targetPort: {{ wrong }}}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: {{ app.svc }}}
spec:
  ingressClassName: ngnix
  rules:
  - host: {{ app.host }}
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: {{ app.svc }}, port: {number: 80}}}}]}
EOF
sleep 20
kubectl get deploy {{ app.svc }} -n {{ app.ns }} -o jsonpath='{.metadata.generation} {.metadata.uid}' > /var/tmp/.deploy
