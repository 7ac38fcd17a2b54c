sed -i 's/v1.35/v1.36/' /etc/apt/sources.list.d/kubernetes.list
apt-get update
apt-get install -y --allow-change-held-packages kubeadm='1.36.{{ patch }}-*' kubelet='1.36.{{ patch }}-*' kubectl='1.36.{{ patch }}-*'
apt-mark hold kubeadm kubelet kubectl
kubeadm upgrade apply 1.36.{{ patch }} --yes
systemctl restart kubelet
sleep 30
