kubectl describe rs -n {{ ns }}
kubectl describe quota budget -n {{ ns }}
kubectl set resources deployment {{ app }} -n {{ ns }} --requests=cpu=200m,memory=128Mi --limits=cpu=200m,memory=128Mi
kubectl rollout status deployment {{ app }} -n {{ ns }} --timeout=120s
