cat > all.yaml <<EOF
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: {{ app.class }}
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: v1
kind: PersistentVolume
metadata:
  name: {{ app.name }}-disk
spec:
  capacity:
    storage: {{ size }}
  accessModes: [ReadWriteOnce]
  storageClassName: {{ app.class }}
  local:
    path: /mnt/disks/fast
  nodeAffinity:
    required:
      nodeSelectorTerms:
      - matchExpressions:
        - {key: kubernetes.io/hostname, operator: In, values: [{{ node }}]}
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
    - {name: disk, mountPath: /data}
  volumes:
  - name: disk
    persistentVolumeClaim: {claimName: {{ app.name }}}
EOF
kubectl apply -f all.yaml
kubectl wait --for=condition=Ready pod/{{ app.name }} -n {{ app.ns }} --timeout=60s
kubectl exec {{ app.name }} -n {{ app.ns }} -- sh -c 'echo hello from {{ app.name }} > /data/hello.txt'
