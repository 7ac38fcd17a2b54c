kubectl create namespace {{ app.ns }}
kubectl apply -f - <<EOF
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ app.name }}, namespace: {{ app.ns }}}
spec:
  replicas: 1
  strategy: {type: Recreate}
  selector: {matchLabels: {app: {{ app.name }}}}
  template:
    metadata: {labels: {app: {{ app.name }}}}
    spec:
      terminationGracePeriodSeconds: 2
      containers:
      - name: main
        image: nginx:1.27
        command: [sh, -c, "echo loading; sleep {{ app.takes }}; exec nginx -g 'daemon off;'"]
        ports: [{containerPort: 80}]
        livenessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 5, failureThreshold: 3}
EOF
