sed -i 's/v1.35/v1.36/' /etc/apt/sources.list.d/kubernetes.list
apt-get update
apt-mark unhold kubeadm kubelet kubectl
apt-get install -y kubeadm='1.36.{{ patch }}-*' kubelet='1.36.{{ patch }}-*' kubectl='1.36.{{ patch }}-*'
apt-mark hold kubeadm kubelet kubectl
kubeadm upgrade apply v1.36.{{ patch }} -y
sleep 20
