kubeadm init --pod-network-cidr={{ pods }}
ssh node01 "$(kubeadm token create --print-join-command)"
sleep 60
