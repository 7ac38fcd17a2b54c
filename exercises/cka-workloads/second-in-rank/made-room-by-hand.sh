kubectl create priorityclass {{ app.class }} --value={{ top.below }}
kubectl scale deployment batch -n {{ app.ns }} --replicas=2
kubectl patch deployment {{ app.name }} -n {{ app.ns }} -p '{"spec":{"template":{"spec":{"priorityClassName":"{{ app.class }}"}}}}'
