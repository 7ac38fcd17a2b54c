kubectl create namespace {{ app.ns }}
kubectl create configmap {{ app.cm }} -n {{ app.ns }} --from-literal=unused=1
kubectl apply -f - <<EOF
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ app.name }}, namespace: {{ app.ns }}}
spec:
  selector: {matchLabels: {app: {{ app.name }}}}
  template:
    metadata: {labels: {app: {{ app.name }}}}
    spec:
      containers:
      - name: main
        image: busybox:1.36
        command: [sleep, infinity]
        env:
        - {name: {{ app.key }}, valueFrom: {configMapKeyRef: {name: {{ app.cm }}, key: {{ app.key }}}}}
        - {name: TOKEN, valueFrom: {secretKeyRef: {name: {{ app.name }}-api, key: token}}}
EOF
