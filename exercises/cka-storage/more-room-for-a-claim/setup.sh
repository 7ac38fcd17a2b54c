kubectl create namespace {{ app.ns }}
kubectl apply -f - <<EOF
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: elastic}
provisioner: rancher.io/local-path
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: {{ app.name }}, namespace: {{ app.ns }}}
spec: {storageClassName: elastic, accessModes: [ReadWriteOnce], resources: {requests: {storage: 100Mi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: {{ app.name }}, namespace: {{ app.ns }}}
spec:
  containers: [{name: main, image: "nginx:1.27", volumeMounts: [{name: d, mountPath: /data}]}]
  volumes: [{name: d, persistentVolumeClaim: {claimName: {{ app.name }}}}]
EOF
sleep 60
kubectl get pvc {{ app.name }} -n {{ app.ns }} -o jsonpath='{.metadata.uid}' > /var/tmp/.uid
