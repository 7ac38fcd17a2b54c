kubectl create deployment {{ app.name }} -n {{ app.ns }} --image=busybox:1.36 --dry-run=client -o json -- sleep infinity \
  | jq '.kind = "DaemonSet" | del(.spec.replicas, .spec.strategy, .status) | .spec.template.metadata.labels.tier = "{{ app.tier }}" | .spec.template.spec.tolerations = [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}] | .spec.template.spec.containers[0].resources.requests = {"cpu": "{{ cpu }}", "memory": "16Mi"}' > ds.json
kubectl create -f ds.json
