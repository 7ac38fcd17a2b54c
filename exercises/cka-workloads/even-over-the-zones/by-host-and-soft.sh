kubectl patch deployment {{ app.name }} -n {{ app.ns }} -p '{"spec":{"template":{"spec":{"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"kubernetes.io/hostname","whenUnsatisfiable":"ScheduleAnyway","labelSelector":{"matchLabels":{"app":"{{ app.name }}"}}}]}}}}'
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }} --timeout=120s
