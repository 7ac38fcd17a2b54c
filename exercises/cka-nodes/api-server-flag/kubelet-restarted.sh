systemctl restart kubelet
sleep 60
