ssh {{ node }} systemctl enable --now containerd
sleep 60
