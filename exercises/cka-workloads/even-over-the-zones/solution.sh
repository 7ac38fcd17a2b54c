kubectl patch deployment {{ app.name }} -n {{ app.ns }} -p '{"spec":{"template":{"spec":{"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"topology.kubernetes.io/zone","whenUnsatisfiable":"DoNotSchedule","labelSelector":{"matchLabels":{"app":"{{ app.name }}"}},"matchLabelKeys":["pod-template-hash"]}]}}}}'
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }} --timeout=120s
