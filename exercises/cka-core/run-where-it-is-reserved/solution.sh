kubectl patch deployment {{ app }} -n jobs -p '{"spec":{"template":{"spec":{"tolerations":[{"key":"{{ taint.key }}","operator":"Equal","value":"{{ taint.value }}","effect":"NoSchedule"}]}}}}'
kubectl rollout status deployment {{ app }} -n jobs --timeout=120s
