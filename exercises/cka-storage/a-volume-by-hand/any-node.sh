cat > all.yaml <<EOF
apiVersion: v1
kind: PersistentVolume
metadata:
  name: {{ app.name }}
spec:
  capacity: {storage: 500Mi}
  accessModes: ["ReadWriteMany"]
  persistentVolumeReclaimPolicy: Retain
  hostPath: {path: {{ app.dir }}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ app.name }}
  namespace: {{ app.ns }}
spec:
  storageClassName: ""
  volumeName: {{ app.name }}
  accessModes: ["ReadWriteMany"]
  resources: {requests: {storage: 300Mi}}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ app.name }}
  namespace: {{ app.ns }}
spec:
  replicas: 1
  selector: {matchLabels: {app: {{ app.name }}}}
  template:
    metadata: {labels: {app: {{ app.name }}}}
    spec:
      nodeSelector: {kubernetes.io/hostname: {{ "node02" if node == "node01" else "node01" }}}
      containers:
      - name: web
        image: nginx:1.27
        volumeMounts: [{name: pages, mountPath: /usr/share/nginx/html}]
      volumes: [{name: pages, persistentVolumeClaim: {claimName: {{ app.name }}}}]
EOF
kubectl apply -f all.yaml
