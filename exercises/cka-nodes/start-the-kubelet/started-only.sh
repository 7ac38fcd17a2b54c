ssh {{ node }} "systemctl start kubelet"
sleep 30
