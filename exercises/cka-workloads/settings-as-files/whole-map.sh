kubectl create configmap {{ app.name }} -n {{ app.ns }} --from-file=/opt/settings/app.properties --from-literal=LOG_LEVEL={{ level }}
cat > pod.yaml <<EOF
apiVersion: v1
kind: Pod
metadata:
  name: {{ app.name }}
  namespace: {{ app.ns }}
spec:
  containers:
  - name: main
    image: busybox:1.36
    command: ["sleep", "infinity"]
    env:
    - name: LOG_LEVEL
      valueFrom: {configMapKeyRef: {name: {{ app.name }}, key: LOG_LEVEL}}
    volumeMounts:
    - name: settings
      mountPath: /etc/app
  volumes:
  - name: settings
    configMap:
      name: {{ app.name }}
EOF
kubectl apply -f pod.yaml
