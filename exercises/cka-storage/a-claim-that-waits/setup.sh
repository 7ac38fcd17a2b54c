kubectl create namespace {{ app.ns }}
kubectl apply -f - <<EOF
apiVersion: v1
kind: PersistentVolume
metadata: {name: {{ app.pv }}}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteMany]
  storageClassName: tape
  hostPath: {path: /srv/{{ app.pv }}, type: DirectoryOrCreate}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: {{ app.name }}, namespace: {{ app.ns }}}
spec: {storageClassName: tape, accessModes: [ReadWriteOnce], resources: {requests: {storage: 2Gi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: {{ app.name }}, namespace: {{ app.ns }}}
spec:
  terminationGracePeriodSeconds: 1
  containers: [{name: main, image: "nginx:1.27", volumeMounts: [{name: d, mountPath: /data}]}]
  volumes: [{name: d, persistentVolumeClaim: {claimName: {{ app.name }}}}]
EOF
