scp /var/lib/kubelet/config.yaml {{ node }}:/var/lib/kubelet/config.yaml
ssh {{ node }} "systemctl restart kubelet"
sleep 40
