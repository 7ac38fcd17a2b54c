printf 'apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: {{ app.class }}}\nprovisioner: kubernetes.io/no-provisioner\nvolumeBindingMode: WaitForFirstConsumer\n' | kubectl create -f -
printf 'apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: {{ app.name }}-disk}\nspec: {capacity: {storage: {{ size }}}, accessModes: [ReadWriteOnce], persistentVolumeReclaimPolicy: Delete, storageClassName: {{ app.class }}, local: {path: /mnt/disks/fast}, nodeAffinity: {required: {nodeSelectorTerms: [{matchFields: [], matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [{{ node }}]}]}]}}}\n' | kubectl create -f -
printf 'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: {{ app.name }}, namespace: {{ app.ns }}}\nspec: {volumeName: {{ app.name }}-disk, storageClassName: {{ app.class }}, accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Mi}}}\n' | kubectl create -f -
kubectl run {{ app.name }} -n {{ app.ns }} --image=nginx:1.27 --dry-run=client -o json | jq '.spec.volumes = [{name: "d", persistentVolumeClaim: {claimName: "{{ app.name }}"}}] | .spec.containers[0].volumeMounts = [{name: "d", mountPath: "/data"}]' | kubectl create -f -
kubectl wait --for=condition=Ready pod/{{ app.name }} -n {{ app.ns }} --timeout=60s
kubectl exec {{ app.name }} -n {{ app.ns }} -i -- sh -c 'cat > /data/hello.txt' <<EOF
hello from {{ app.name }}
EOF
