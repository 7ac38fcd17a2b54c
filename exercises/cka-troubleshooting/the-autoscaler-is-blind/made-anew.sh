kubectl delete hpa {{ app.name }} -n {{ app.ns }}
kubectl autoscale deployment {{ app.name }}-web --name {{ app.name }} -n {{ app.ns }} --min 2 --max 6 --cpu-percent 50
kubectl get deploy {{ app.name }}-web -n {{ app.ns }} -o json | jq '(.spec.template.spec.containers[] | select(.name == "{{ app.side }}") | .resources) = {requests: {cpu: "{{ low }}"}}' | kubectl replace -f -
