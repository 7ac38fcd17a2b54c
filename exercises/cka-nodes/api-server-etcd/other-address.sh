sed -i 's#--etcd-servers=.*#--etcd-servers=https://172.30.1.2:2379#' /etc/kubernetes/manifests/kube-apiserver.yaml
sed -i 's#advertise-client-urls=https://172.30.1.2:2379#advertise-client-urls=https://172.30.1.2:2379#; s#--listen-client-urls=.*#--listen-client-urls=https://127.0.0.1:2379,https://172.30.1.2:2379#' /etc/kubernetes/manifests/etcd.yaml
sleep 90
