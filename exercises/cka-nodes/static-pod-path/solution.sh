ssh {{ node }} "sed -i 's#^staticPodPath: .*#staticPodPath: /etc/kubernetes/manifests#' /var/lib/kubelet/config.yaml"
ssh {{ node }} "systemctl restart kubelet"
sleep 40
