kubectl patch deployment {{ app }} -n jobs -p '{"spec":{"template":{"spec":{"tolerations":[{"operator":"Exists"}]}}}}'
kubectl rollout status deployment {{ app }} -n jobs --timeout=120s
