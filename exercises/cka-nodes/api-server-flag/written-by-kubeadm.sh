kubeadm init phase control-plane apiserver --kubernetes-version v1.36.2 --apiserver-advertise-address 172.30.1.2
sleep 60
