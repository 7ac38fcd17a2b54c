ssh {{ node }} "systemctl enable --now containerd"
ssh {{ node }} "systemctl restart kubelet"
sleep 30
