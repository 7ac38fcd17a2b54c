kubectl patch pv {{ app.name }}-pv --type=json -p '[{"op":"remove","path":"/spec/claimRef"}]'
cat > pvc.yaml <<EOF
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ app.name }}
  namespace: {{ app.ns }}
spec:
  accessModes: ["ReadWriteOnce"]
  resources:
    requests:
      storage: 250Mi
EOF
kubectl apply -f pvc.yaml
