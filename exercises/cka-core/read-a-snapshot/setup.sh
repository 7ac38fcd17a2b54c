mkdir -p {{ folder }}
etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/kubernetes/pki/etcd/ca.crt --cert=/etc/kubernetes/pki/etcd/server.crt --key=/etc/kubernetes/pki/etcd/server.key snapshot save {{ folder }}/old.db >/dev/null 2>&1 || exit 1
for i in $(seq 1 {{ extra }}); do kubectl create configmap note-$i --from-literal=a=$i; done
etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/kubernetes/pki/etcd/ca.crt --cert=/etc/kubernetes/pki/etcd/server.crt --key=/etc/kubernetes/pki/etcd/server.key snapshot save {{ folder }}/new.db >/dev/null 2>&1 || exit 1
sed -i 's/kube-proxy/kube-pr0xy/' {{ folder }}/old.db
