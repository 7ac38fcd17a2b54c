kubectl -n kube-system get cm coredns -o yaml | sed 's/kubernetes {{ zone }}/kubernetes cluster.local/' > /tmp/coredns.yaml
kubectl replace -f /tmp/coredns.yaml
kubectl -n kube-system rollout restart deployment coredns
sleep 60
