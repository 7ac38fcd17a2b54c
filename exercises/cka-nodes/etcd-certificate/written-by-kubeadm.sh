kubeadm init phase etcd local --kubernetes-version v1.36.2 --apiserver-advertise-address 172.30.1.2 2>/dev/null || kubeadm init phase etcd local
sleep 400
