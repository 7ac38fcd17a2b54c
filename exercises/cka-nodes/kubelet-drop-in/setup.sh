ssh {{ node }} "mkdir -p /etc/systemd/system/kubelet.service.d; printf '[Service]\nExecStart=\nExecStart={{ folder }}/kubelet \$KUBELET_KUBECONFIG_ARGS \$KUBELET_CONFIG_ARGS\n' > /etc/systemd/system/kubelet.service.d/20-tuning.conf; systemctl daemon-reload; systemctl restart kubelet" >/dev/null 2>&1
sleep 90
