ssh {{ node }} systemctl enable kubelet
