token=$(kubeadm token create)
ssh node02 "kubeadm join 172.30.1.2:6443 --token $token --discovery-token-ca-cert-hash sha256:0000000000000000000000000000000000000000000000000000000000000000"
