kubectl describe pvc {{ app.name }} -n {{ app.ns }}
kubectl delete pvc {{ app.name }} -n {{ app.ns }}
cat > pvc.yaml <<EOF
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ app.name }}
  namespace: {{ app.ns }}
spec:
  storageClassName: tape
  accessModes: ["ReadWriteMany"]
  resources:
    requests:
      storage: 1Gi
EOF
kubectl apply -f pvc.yaml
