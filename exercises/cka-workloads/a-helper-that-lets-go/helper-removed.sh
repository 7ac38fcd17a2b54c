kubectl create --dry-run=client -f /opt/job.yaml -o json | jq '.spec.template.spec |= (.containers = [.containers[0]])' > new.json
kubectl replace --force -f new.json
kubectl wait --for=condition=Complete job/{{ app.name }} -n {{ app.ns }} --timeout=120s
