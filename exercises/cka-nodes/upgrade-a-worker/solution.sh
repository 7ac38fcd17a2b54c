kubectl drain node01 --ignore-daemonsets
ssh node01 "sed -i 's/v1.35/v1.36/' /etc/apt/sources.list.d/kubernetes.list; apt-get update; apt-mark unhold kubeadm kubelet kubectl; apt-get install -y kubeadm='1.36.2-*'"
ssh node01 "kubeadm upgrade node"
ssh node01 "apt-get install -y kubelet='1.36.2-*' kubectl='1.36.2-*'; apt-mark hold kubeadm kubelet kubectl; systemctl daemon-reload; systemctl restart kubelet"
sleep 10
kubectl uncordon node01
sleep 20
