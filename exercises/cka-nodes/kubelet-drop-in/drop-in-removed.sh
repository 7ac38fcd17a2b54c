ssh {{ node }} "rm /etc/systemd/system/kubelet.service.d/20-tuning.conf; systemctl daemon-reload; systemctl restart kubelet"
sleep 30
