ssh {{ node }} "sed -i 's#{{ folder }}/kubelet#/usr/bin/kubelet#' /etc/systemd/system/kubelet.service.d/20-tuning.conf"
ssh {{ node }} "systemctl daemon-reload; systemctl restart kubelet"
sleep 30
