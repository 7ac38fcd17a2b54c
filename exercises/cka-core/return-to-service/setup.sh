kubectl cordon {{ pair.node }}
kubectl create deployment {{ app }} --image=nginx:1.27 --replicas={{ replicas }}
kubectl rollout status deployment {{ app }} --timeout=120s
