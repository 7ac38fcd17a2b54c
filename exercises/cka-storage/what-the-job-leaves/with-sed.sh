printf 'apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: {{ app.class }}}\nprovisioner: rancher.io/local-path\nreclaimPolicy: Retain\nallowVolumeExpansion: true\nvolumeBindingMode: WaitForFirstConsumer\n' | kubectl create -f -
kubectl delete job {{ app.name }} -n {{ app.ns }}
sed -i 's/^        emptyDir: {}$/        persistentVolumeClaim:\n          claimName: {{ app.name }}/' /opt/job.yaml
kubectl create -f /opt/job.yaml
printf 'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: {{ app.name }}, namespace: {{ app.ns }}}\nspec: {storageClassName: {{ app.class }}, accessModes: [ReadWriteOnce], resources: {requests: {storage: {{ size }} }}}\n' | kubectl create -f -
kubectl wait --for=condition=Complete job/{{ app.name }} -n {{ app.ns }} --timeout=200s
