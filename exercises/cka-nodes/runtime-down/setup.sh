ssh {{ node }} "systemctl disable --now containerd" >/dev/null 2>&1
sleep 90
