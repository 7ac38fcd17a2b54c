kubeadm init
mkdir -p /root/.kube
cp /etc/kubernetes/admin.conf /root/.kube/config
ssh node01 "$(kubeadm token create --print-join-command)"
sleep 60
