kubectl create priorityclass {{ app.class }} --value={{ top.value }}
kubectl patch deployment {{ app.name }} -n {{ app.ns }} -p '{"spec":{"template":{"spec":{"priorityClassName":"{{ app.class }}"}}}}'
