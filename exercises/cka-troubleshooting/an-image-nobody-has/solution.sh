kubectl get pods -n {{ app.ns }} -o jsonpath='{.items[*].status.containerStatuses[*].state.waiting.reason}' > /opt/answers/reason.txt
kubectl set image deployment/{{ app.name }} -n {{ app.ns }} {{ app.container }}={{ app.good }}
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }}
