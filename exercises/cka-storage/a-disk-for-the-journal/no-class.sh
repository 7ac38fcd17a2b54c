cat > disk.yaml <<EOF
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ app.name }}-disk
  namespace: {{ app.ns }}
spec:
  accessModes: ["ReadWriteOnce"]
  resources:
    requests:
      storage: {{ size }}
---
apiVersion: v1
kind: Pod
metadata:
  name: {{ app.name }}
  namespace: {{ app.ns }}
spec:
  containers:
  - name: main
    image: nginx:1.27
    volumeMounts:
    - name: disk
      mountPath: {{ path }}
  volumes:
  - name: disk
    persistentVolumeClaim:
      claimName: {{ app.name }}-disk
EOF
kubectl apply -f disk.yaml
kubectl wait --for=condition=Ready pod/{{ app.name }} -n {{ app.ns }} --timeout=120s
kubectl exec -n {{ app.ns }} {{ app.name }} -- sh -c 'echo yes > {{ path }}/started'
