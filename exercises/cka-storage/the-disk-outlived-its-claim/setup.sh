kubectl create namespace {{ app.ns }}
ssh node01 "mkdir -p /srv/{{ app.name }} && echo old data > /srv/{{ app.name }}/catalogue"
cat > /var/tmp/all.yaml <<EOF
apiVersion: v1
kind: PersistentVolume
metadata: {name: {{ app.name }}-pv}
spec:
  capacity: {storage: 250Mi}
  accessModes: [ReadWriteOnce]
  storageClassName: shelf
  persistentVolumeReclaimPolicy: Retain
  local: {path: /srv/{{ app.name }}}
  nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [node01]}]}]}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: {{ app.name }}, namespace: {{ app.ns }}}
spec: {storageClassName: shelf, accessModes: [ReadWriteOnce], resources: {requests: {storage: 250Mi}}}
EOF
kubectl apply -f /var/tmp/all.yaml
sleep 30
kubectl delete pvc {{ app.name }} -n {{ app.ns }}
kubectl apply -f - <<EOF
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ app.name }}, namespace: {{ app.ns }}}
spec:
  selector: {matchLabels: {app: {{ app.name }}}}
  template:
    metadata: {labels: {app: {{ app.name }}}}
    spec:
      containers: [{name: main, image: "nginx:1.27", volumeMounts: [{name: d, mountPath: /data}]}]
      volumes: [{name: d, persistentVolumeClaim: {claimName: {{ app.name }}}}]
EOF
rm /var/tmp/all.yaml
