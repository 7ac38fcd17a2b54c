etcdutl snapshot restore /opt/backup/etcd.db --data-dir={{ dir }}
sed -i 's#path: /var/lib/etcd$#path: {{ dir }}#' /etc/kubernetes/manifests/etcd.yaml
sleep 90
