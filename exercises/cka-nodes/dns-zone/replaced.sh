kubectl -n kube-system get cm coredns -o jsonpath='{.data.Corefile}' | sed 's/{{ zone }}/cluster.local/' > /tmp/Corefile
kubectl -n kube-system create configmap coredns --from-file=Corefile=/tmp/Corefile --dry-run=client -o yaml | kubectl apply -f -
kubectl -n kube-system rollout restart deployment coredns
sleep 60
