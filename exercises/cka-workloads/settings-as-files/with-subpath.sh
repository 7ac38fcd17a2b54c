kubectl create configmap {{ app.name }} -n {{ app.ns }} --from-file=app.properties=/opt/settings/app.properties --from-literal=LOG_LEVEL={{ level }}
kubectl run {{ app.name }} -n {{ app.ns }} --image=busybox:1.36 --dry-run=client -o json -- sleep infinity \
  | jq '.spec.volumes = [{"name": "s", "configMap": {"name": "{{ app.name }}"}}] | .spec.containers[0].volumeMounts = [{"name": "s", "mountPath": "/etc/app/app.properties", "subPath": "app.properties"}] | .spec.containers[0].envFrom = [{"configMapRef": {"name": "{{ app.name }}"}}]' > pod.json
kubectl create -f pod.json
