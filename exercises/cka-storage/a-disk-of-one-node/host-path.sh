printf 'apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: {{ app.class }}}\nprovisioner: kubernetes.io/no-provisioner\nvolumeBindingMode: WaitForFirstConsumer\n' | kubectl create -f -
printf 'apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: {{ app.name }}-disk}\nspec: {capacity: {storage: {{ size }}}, accessModes: [ReadWriteOnce], storageClassName: {{ app.class }}, hostPath: {path: /mnt/disks/fast}}\n' | kubectl create -f -
printf 'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: {{ app.name }}, namespace: {{ app.ns }}}\nspec: {storageClassName: {{ app.class }}, accessModes: [ReadWriteOnce], resources: {requests: {storage: {{ size }}}}}\n' | kubectl create -f -
kubectl run {{ app.name }} -n {{ app.ns }} --image=nginx:1.27 --dry-run=client -o json | jq '.spec.volumes = [{name: "d", persistentVolumeClaim: {claimName: "{{ app.name }}"}}] | .spec.containers[0].volumeMounts = [{name: "d", mountPath: "/data"}]' | kubectl create -f -
sleep 20
kubectl exec {{ app.name }} -n {{ app.ns }} -- sh -c 'echo hello from {{ app.name }} > /data/hello.txt'
