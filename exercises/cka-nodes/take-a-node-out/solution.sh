kubectl drain {{ node }} --ignore-daemonsets
kubectl delete node {{ node }}
ssh {{ node }} "kubeadm reset -f"
sleep 60
