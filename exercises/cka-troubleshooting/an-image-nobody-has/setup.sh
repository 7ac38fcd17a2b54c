mkdir -p /opt/answers
kubectl create namespace {{ app.ns }}
kubectl apply -f - <<EOF
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ app.name }}, namespace: {{ app.ns }}}
spec:
  replicas: 2
  selector: {matchLabels: {app: {{ app.name }}}}
  template:
    metadata: {labels: {app: {{ app.name }}}}
    spec: {containers: [{name: {{ app.container }}, image: "nginx:1.26"}]}
EOF
kubectl rollout status deploy {{ app.name }} -n {{ app.ns }}
kubectl set image deployment/{{ app.name }} -n {{ app.ns }} {{ app.container }}={{ app.bad }}
sleep 60
