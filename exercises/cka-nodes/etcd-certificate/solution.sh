sed -i 's#--{{ fault.flag }}=.*#--{{ fault.flag }}=/etc/kubernetes/pki/etcd/{{ fault.right }}#' /etc/kubernetes/manifests/etcd.yaml
sleep 400
