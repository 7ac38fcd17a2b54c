kubectl drain {{ node }} --ignore-daemonsets
ssh {{ node }} "kubeadm reset -f"
sleep 60
