cat > pod.yaml <<EOF
apiVersion: v1
kind: Pod
metadata:
  name: {{ app.name }}
  namespace: {{ app.ns }}
spec:
  containers:
  - name: main
    image: nginx:1.27
    readinessProbe:
      exec:
        command: [curl, -sf, "http://{{ app.needs }}"]
      periodSeconds: 5
    livenessProbe:
      exec:
        command: ["true"]
EOF
kubectl apply -f pod.yaml
kubectl run {{ app.needs }} -n {{ app.ns }} --image=nginx:1.27 --labels=app={{ app.needs }}
kubectl wait --for=condition=Ready pod/{{ app.name }} -n {{ app.ns }} --timeout=60s
