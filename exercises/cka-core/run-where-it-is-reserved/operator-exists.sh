kubectl patch deployment {{ app }} -n jobs -p '{"spec":{"template":{"spec":{"tolerations":[{"key":"{{ taint.key }}","operator":"Exists"}]}}}}'
kubectl rollout status deployment {{ app }} -n jobs --timeout=120s
