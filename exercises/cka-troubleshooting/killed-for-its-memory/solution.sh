kubectl get pods -n {{ app.ns }} -l app={{ app.name }} -o jsonpath='{.items[0].status.containerStatuses[0].lastState.terminated.reason}' > /opt/answers/reason.txt
kubectl set resources deployment {{ app.name }} -n {{ app.ns }} --requests=memory=128Mi --limits=memory=160Mi
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }} --timeout=120s
