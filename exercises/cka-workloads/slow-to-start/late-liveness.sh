kubectl patch deployment {{ app.name }} -n {{ app.ns }} -p '{"spec":{"template":{"spec":{"containers":[{"name":"main","livenessProbe":{"initialDelaySeconds":120}}]}}}}'
