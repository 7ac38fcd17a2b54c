mkdir -p /opt/backup
kubectl create configmap {{ lost }} --from-literal=version=7
etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/kubernetes/pki/etcd/ca.crt --cert=/etc/kubernetes/pki/etcd/server.crt --key=/etc/kubernetes/pki/etcd/server.key snapshot save /opt/backup/etcd.db >/dev/null 2>&1 || exit 1
kubectl delete configmap {{ lost }}
