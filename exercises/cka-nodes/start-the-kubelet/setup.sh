ssh {{ node }} "systemctl disable --now kubelet" >/dev/null 2>&1
sleep 90
