kubectl set image deployment/{{ app.name }} -n {{ app.ns }} nginx=nginx:1.27
kubectl annotate deployment {{ app.name }} -n {{ app.ns }} kubernetes.io/change-cause="security update"
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }}
