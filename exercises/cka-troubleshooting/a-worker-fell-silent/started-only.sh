ssh {{ node }} systemctl start kubelet
