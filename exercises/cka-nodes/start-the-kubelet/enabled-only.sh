ssh {{ node }} "systemctl enable kubelet"
sleep 30
