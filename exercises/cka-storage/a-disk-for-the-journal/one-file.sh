kubectl create -f - <<EOF
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: {{ app.name }}-disk, namespace: {{ app.ns }}}
spec: {storageClassName: local-path, accessModes: [ReadWriteOnce], resources: {requests: {storage: {{ size }}}}}
EOF
kubectl run {{ app.name }} -n {{ app.ns }} --image=nginx:1.27 --dry-run=client -o json \
  | jq '.spec.volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "{{ app.name }}-disk"}}] | .spec.containers[0].volumeMounts = [{"name": "v", "mountPath": "{{ path }}"}] | .spec.containers[0].lifecycle.postStart.exec.command = ["sh", "-c", "echo yes > {{ path }}/started"]' | kubectl create -f -
