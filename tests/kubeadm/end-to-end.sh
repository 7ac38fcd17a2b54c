set -e
join=$(kubeadm token create --print-join-command)
ssh node02 "$join" >/dev/null
sleep 20
kubectl wait --for=condition=Ready node/node02 --timeout=60s

sed -i 's/v1.35/v1.36/' /etc/apt/sources.list.d/kubernetes.list
apt-get update >/dev/null
apt-mark unhold kubeadm kubelet kubectl >/dev/null
apt-get install -y kubeadm='1.36.2-*' >/dev/null
kubeadm upgrade plan >/dev/null
kubeadm upgrade apply v1.36.2 -y >/dev/null
kubectl drain controlplane --ignore-daemonsets >/dev/null
apt-get install -y kubelet='1.36.2-*' kubectl='1.36.2-*' >/dev/null
apt-mark hold kubeadm kubelet kubectl >/dev/null
systemctl daemon-reload
systemctl restart kubelet
sleep 10
kubectl uncordon controlplane
kubectl get nodes --no-headers | grep -q 'controlplane .* v1.36.2'
kubectl get nodes --no-headers | grep -q 'node02 .* v1.35.4'
ssh node01 "sed -i 's/v1.35/v1.36/' /etc/apt/sources.list.d/kubernetes.list; apt-get update; apt-get install -y --allow-change-held-packages kubeadm='1.36.2-*' kubelet='1.36.2-*'; kubeadm upgrade node; systemctl restart kubelet" >/dev/null
sleep 10
kubectl get nodes --no-headers | grep -q 'node01 .* v1.36.2'

pki=/etc/kubernetes/pki/etcd
kubectl create configmap kept --from-literal=a=1
etcdctl --endpoints=https://127.0.0.1:2379 --cacert=$pki/ca.crt --cert=$pki/server.crt --key=$pki/server.key snapshot save /root/etcd.db
kubectl delete configmap kept
etcdutl snapshot restore /root/etcd.db --data-dir /var/lib/etcd-restored
sed -i 's#path: /var/lib/etcd$#path: /var/lib/etcd-restored#' /etc/kubernetes/manifests/etcd.yaml
sleep 90
kubectl get configmap kept
kubectl get nodes --no-headers | grep -q 'node02 .*Ready'
echo "all done"
