mv /etc/kubernetes/manifests/etcd.yaml /tmp/etcd.yaml
sleep 20
mv /tmp/etcd.yaml /etc/kubernetes/manifests/etcd.yaml
sleep 90
