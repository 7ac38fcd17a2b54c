ssh node01 "sed -i 's/v1.35/v1.36/' /etc/apt/sources.list.d/kubernetes.list; apt-get update; apt-get install -y --allow-change-held-packages kubeadm='1.36.2-*'; kubeadm upgrade node; systemctl restart kubelet"
sleep 30
