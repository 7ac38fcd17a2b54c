kubectl get pv {{ app.name }}-pv -o json | jq 'del(.spec.claimRef.uid, .spec.claimRef.resourceVersion)' | kubectl replace -f -
kubectl create -f - <<EOF
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: {{ app.name }}, namespace: {{ app.ns }}}
spec: {storageClassName: shelf, volumeName: {{ app.name }}-pv, accessModes: [ReadWriteOnce], resources: {requests: {storage: 100Mi}}}
EOF
