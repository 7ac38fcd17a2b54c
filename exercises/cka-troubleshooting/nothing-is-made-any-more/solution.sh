tail -n 3 /var/log/containers/kube-controller-manager-*.log
sed -i 's#{{ fault.to }}#{{ fault.from }}#' /etc/kubernetes/manifests/kube-controller-manager.yaml
sleep 120
