cat > /root/kubeadm.yaml <<EOF
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.36.2
networking:
  podSubnet: {{ pods }}
EOF
kubeadm init --config /root/kubeadm.yaml
mkdir -p /root/.kube
cp /etc/kubernetes/admin.conf /root/.kube/config
ssh node01 "$(kubeadm token create --print-join-command)"
sleep 60
