mkdir -p /opt/kube
f=/opt/kube/{{ who }}.conf
sed -e 's/name: kubernetes$/name: site/' -e 's/cluster: kubernetes$/cluster: site/' -e 's/name: kubernetes-admin$/name: {{ who }}/' -e 's/user: kubernetes-admin$/user: {{ who }}/' -e 's/:6443/:{{ port }}/' /etc/kubernetes/admin.conf > $f
kubectl config --kubeconfig $f set-cluster site --certificate-authority=/etc/kubernetes/pki/etcd/ca.crt --embed-certs=true
