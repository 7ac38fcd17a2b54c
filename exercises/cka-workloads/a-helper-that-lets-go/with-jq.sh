kubectl create --dry-run=client -f /opt/job.yaml -o json | jq '.spec.template.spec |= (.initContainers = [.containers[1] + {restartPolicy: "Always"}] | .containers = [.containers[0]])' > new.json
kubectl delete job {{ app.name }} -n {{ app.ns }}
kubectl create -f new.json
kubectl wait --for=condition=Complete job/{{ app.name }} -n {{ app.ns }} --timeout=120s
