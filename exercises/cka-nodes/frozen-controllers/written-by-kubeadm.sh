kubeadm init phase control-plane controller-manager --kubernetes-version v1.36.2 --pod-network-cidr 192.168.0.0/16
sleep 90
