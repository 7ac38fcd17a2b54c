ssh {{ node }} "systemctl enable --now kubelet"
sleep 30
