cat > storage.yaml <<EOF
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: {{ app.class }}
provisioner: rancher.io/local-path
reclaimPolicy: Retain
volumeBindingMode: WaitForFirstConsumer
allowVolumeExpansion: true
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ app.name }}
  namespace: {{ app.ns }}
spec:
  storageClassName: {{ app.class }}
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: {{ size }}
EOF
kubectl apply -f storage.yaml
sed -i 's/emptyDir: {}/persistentVolumeClaim: {claimName: {{ app.name }}}/' /opt/job.yaml
kubectl replace --force -f /opt/job.yaml
kubectl wait --for=condition=Complete job/{{ app.name }} -n {{ app.ns }} --timeout=120s
