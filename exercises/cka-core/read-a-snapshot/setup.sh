mkdir -p {{ folder }}
etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/kubernetes/pki/etcd/ca.crt --cert=/etc/kubernetes/pki/etcd/server.crt --key=/etc/kubernetes/pki/etcd/server.key snapshot save {{ folder }}/old.db >/dev/null 2>&1 || exit 1
for i in $(seq 1 {{ extra }}); do kubectl create configmap note-$i --from-literal=a=$i; done
etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/kubernetes/pki/etcd/ca.crt --cert=/etc/kubernetes/pki/etcd/server.crt --key=/etc/kubernetes/pki/etcd/server.key snapshot save {{ folder }}/new.db >/dev/null 2>&1 || exit 1
dd if=/dev/zero of={{ folder }}/old.db bs=1 seek=200000 count=64 conv=notrunc 2>/dev/null
