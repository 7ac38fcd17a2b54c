sed -i 's/v1.35/v1.36/' /etc/apt/sources.list.d/kubernetes.list
apt-get update >/dev/null
apt-get install -y --allow-change-held-packages kubeadm='1.36.2-*' kubelet='1.36.2-*' kubectl='1.36.2-*' >/dev/null
apt-mark hold kubeadm kubelet kubectl >/dev/null
kubeadm upgrade apply v1.36.2 -y >/dev/null 2>&1 || exit 1
systemctl restart kubelet
sleep 30
kubectl create deployment {{ app }} --image=nginx:1.27
sleep 20
