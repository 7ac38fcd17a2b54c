sed -i 's#--{{ fault.flag }}=/etc/kubernetes/pki/etcd/{{ fault.right }}#--{{ fault.flag }}=/etc/kubernetes/pki/etcd/{{ fault.wrong }}#' /etc/kubernetes/manifests/etcd.yaml
sleep 60
