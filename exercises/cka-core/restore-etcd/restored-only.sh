etcdutl snapshot restore /opt/backup/etcd.db --data-dir={{ dir }}
