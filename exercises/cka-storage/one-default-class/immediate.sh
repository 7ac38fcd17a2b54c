cat > sc.yaml <<EOF
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: {{ name }}
  annotations:
    storageclass.kubernetes.io/is-default-class: "true"
provisioner: rancher.io/local-path
reclaimPolicy: Retain
allowVolumeExpansion: true
EOF
kubectl apply -f sc.yaml
kubectl patch storageclass quick -p '{"metadata":{"annotations":{"storageclass.kubernetes.io/is-default-class":"false"}}}'
