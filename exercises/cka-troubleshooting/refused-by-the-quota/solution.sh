kubectl describe rs -n {{ ns }}
kubectl describe quota budget -n {{ ns }}
kubectl set resources deployment {{ app }} -n {{ ns }} --requests=cpu=100m,memory=64Mi --limits=cpu=100m,memory=64Mi
kubectl rollout status deployment {{ app }} -n {{ ns }} --timeout=120s
