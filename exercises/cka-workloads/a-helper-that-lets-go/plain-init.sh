kubectl create --dry-run=client -f /opt/job.yaml -o json | jq '.spec.template.spec |= (.initContainers = [.containers[1]] | .containers = [.containers[0]])' > new.json
kubectl replace --force -f new.json
