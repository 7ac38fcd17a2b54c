kubectl -n kube-system rollout restart deployment coredns
sleep 60
