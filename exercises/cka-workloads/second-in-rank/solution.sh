kubectl get priorityclass --sort-by=.value
kubectl create priorityclass {{ app.class }} --value={{ top.below }} --description="second in rank"
kubectl patch deployment {{ app.name }} -n {{ app.ns }} -p '{"spec":{"template":{"spec":{"priorityClassName":"{{ app.class }}"}}}}'
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }} --timeout=120s
