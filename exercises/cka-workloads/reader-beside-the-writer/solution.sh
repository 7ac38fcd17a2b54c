kubectl get deployment {{ app.name }} -n {{ app.ns }} -o json > deploy.json
jq '.spec.template.spec.volumes = [{"name": "logs", "emptyDir": {}}] | .spec.template.spec.containers[0].volumeMounts = [{"name": "logs", "mountPath": "/var/log/app"}]' deploy.json > with-volume.json
jq '.spec.template.spec.initContainers = [{"name": "{{ reader }}", "image": "busybox:1.36", "restartPolicy": "Always", "command": ["tail", "-n+1", "-F", "/var/log/app/{{ app.log }}"], "volumeMounts": [{"name": "logs", "mountPath": "/var/log/app"}]}]' with-volume.json > sidecar.json
kubectl apply -f sidecar.json
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }}
