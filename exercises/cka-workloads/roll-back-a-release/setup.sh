mkdir -p /opt/answers
kubectl create namespace {{ app.ns }}
release() {
kubectl apply -f - <<EOF
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ app.name }}, namespace: {{ app.ns }}}
spec:
  replicas: 3
  selector: {matchLabels: {app: {{ app.name }}}}
  template:
    metadata: {labels: {app: {{ app.name }}, release: r$1}}
    spec: {containers: [{name: main, image: "nginx:$2"}]}
EOF
}
release 1 1.24; kubectl rollout status deploy {{ app.name }} -n {{ app.ns }}
release 2 1.25; kubectl rollout status deploy {{ app.name }} -n {{ app.ns }}
release 3 1.26; kubectl rollout status deploy {{ app.name }} -n {{ app.ns }}
release 4 1.26-broken
