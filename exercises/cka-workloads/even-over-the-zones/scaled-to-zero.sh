kubectl scale deployment {{ app.name }} -n {{ app.ns }} --replicas=0
kubectl wait --for=delete pod -l app={{ app.name }} -n {{ app.ns }} --timeout=60s
kubectl get deployment {{ app.name }} -n {{ app.ns }} -o json | jq '.spec.replicas = 4 | .spec.template.spec.topologySpreadConstraints = [{maxSkew: 1, topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "DoNotSchedule", labelSelector: {matchExpressions: [{key: "app", operator: "In", values: ["{{ app.name }}"]}]}}]' | kubectl replace -f -
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }} --timeout=120s
