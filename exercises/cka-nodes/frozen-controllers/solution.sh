sed -i 's#--{{ fault.flag }}=.*#--{{ fault.flag }}={{ fault.right }}#' /etc/kubernetes/manifests/kube-controller-manager.yaml
sleep 90
