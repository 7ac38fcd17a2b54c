kubeadm init phase control-plane scheduler --kubernetes-version v1.36.2
sleep 90
