kubectl delete quota budget -n {{ ns }}
kubectl rollout restart deployment {{ app }} -n {{ ns }}
