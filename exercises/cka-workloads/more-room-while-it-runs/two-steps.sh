kubectl patch pod {{ app.name }} -n {{ app.ns }} --subresource resize --type=json -p '[{"op":"replace","path":"/spec/containers/0/resources/requests/cpu","value":"{{ cpu }}"}]'
kubectl get pod {{ app.name }} -n {{ app.ns }} -o json | jq '.spec.containers[0].resources.limits.memory = "{{ mem }}"' > pod.json
kubectl replace --subresource=resize -f pod.json
sleep 20
