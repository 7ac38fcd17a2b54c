ssh {{ node }} "systemctl start kubelet && systemctl enable kubelet"
sleep 30
