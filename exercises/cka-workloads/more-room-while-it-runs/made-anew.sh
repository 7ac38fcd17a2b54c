kubectl get pod {{ app.name }} -n {{ app.ns }} -o json | jq '.spec.containers[0].resources.limits.memory = "{{ mem }}" | .spec.containers[0].resources.requests.cpu = "{{ cpu }}"' > pod.json
kubectl replace --force -f pod.json
