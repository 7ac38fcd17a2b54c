kubeadm init --pod-network-cidr={{ pods }}
mkdir -p /root/.kube
cp /etc/kubernetes/admin.conf /root/.kube/config
join=$(kubeadm token create --print-join-command)
ssh node01 "$join"
sleep 60
