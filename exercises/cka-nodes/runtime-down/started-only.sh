ssh {{ node }} "systemctl start containerd; systemctl restart kubelet"
sleep 30
