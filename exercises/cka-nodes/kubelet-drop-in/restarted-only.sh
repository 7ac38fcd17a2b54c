ssh {{ node }} "systemctl restart kubelet"
sleep 30
