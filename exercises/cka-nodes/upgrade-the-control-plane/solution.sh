sed -i 's/v1.35/v1.36/' /etc/apt/sources.list.d/kubernetes.list
apt-get update
apt-mark unhold kubeadm kubelet kubectl
apt-get install -y kubeadm='1.36.{{ patch }}-*'
kubeadm upgrade apply v1.36.{{ patch }} -y
kubectl drain controlplane --ignore-daemonsets
apt-get install -y kubelet='1.36.{{ patch }}-*' kubectl='1.36.{{ patch }}-*'
apt-mark hold kubeadm kubelet kubectl
systemctl daemon-reload
systemctl restart kubelet
sleep 10
kubectl uncordon controlplane
sleep 20
