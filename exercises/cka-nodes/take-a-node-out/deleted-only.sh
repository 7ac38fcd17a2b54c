kubectl drain {{ node }} --ignore-daemonsets
kubectl delete node {{ node }}
sleep 60
