printf 'apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: {{ app.class }}}\nprovisioner: rancher.io/local-path\nallowVolumeExpansion: true\nvolumeBindingMode: WaitForFirstConsumer\n' | kubectl create -f -
printf 'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: {{ app.name }}, namespace: {{ app.ns }}}\nspec: {storageClassName: {{ app.class }}, accessModes: [ReadWriteOnce], resources: {requests: {storage: {{ size }} }}}\n' | kubectl create -f -
sed -i 's/emptyDir: {}/persistentVolumeClaim: {claimName: {{ app.name }}}/' /opt/job.yaml
kubectl replace --force -f /opt/job.yaml
