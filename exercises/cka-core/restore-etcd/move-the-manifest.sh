mv /etc/kubernetes/manifests/etcd.yaml /root/etcd.yaml
sleep 30
etcdutl snapshot restore /opt/backup/etcd.db --data-dir {{ dir }}
sed 's#path: /var/lib/etcd$#path: {{ dir }}#' /root/etcd.yaml > /etc/kubernetes/manifests/etcd.yaml
sleep 30
until kubectl get nodes >/dev/null 2>&1; do sleep 5; done
sleep 30
