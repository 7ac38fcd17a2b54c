kubectl uncordon {{ pair.node }}
kubectl delete pods -l app={{ app }}
kubectl wait deployment {{ app }} --for=condition=Available --timeout=180s
