ssh {{ node }} "systemctl enable containerd; systemctl start containerd; systemctl restart kubelet"
sleep 30
