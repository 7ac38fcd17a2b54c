apt-get update
apt-get install -y kubeadm='1.36.{{ patch }}-*'
kubeadm upgrade apply v1.36.{{ patch }} -y
