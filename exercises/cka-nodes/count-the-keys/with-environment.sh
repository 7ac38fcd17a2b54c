mkdir -p $(dirname {{ file }})
export ETCDCTL_CACERT=/etc/kubernetes/pki/etcd/ca.crt ETCDCTL_CERT=/etc/kubernetes/pki/etcd/healthcheck-client.crt ETCDCTL_KEY=/etc/kubernetes/pki/etcd/healthcheck-client.key
etcdctl --endpoints=https://127.0.0.1:2379 get /registry/configmaps/{{ ns }}/ --prefix --keys-only | grep . > {{ file }}
