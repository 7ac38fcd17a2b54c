ssh {{ node }} systemctl disable --now kubelet
sleep 120
