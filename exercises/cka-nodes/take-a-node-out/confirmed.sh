kubectl drain {{ node }} --ignore-daemonsets --delete-emptydir-data
ssh {{ node }} "echo y | kubeadm reset"
kubectl delete node {{ node }}
sleep 60
