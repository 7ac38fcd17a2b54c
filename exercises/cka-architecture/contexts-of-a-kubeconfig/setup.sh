mkdir -p /opt/kube
openssl x509 -in /etc/kubernetes/pki/apiserver-kubelet-client.crt > /var/tmp/.{{ user }}.crt
f=/opt/kube/many.conf
cp /etc/kubernetes/admin.conf $f
kubectl config --kubeconfig $f rename-context kubernetes-admin@kubernetes root@kubernetes
kubectl config --kubeconfig $f set-cluster elsewhere --server=https://203.0.113.7:6443
kubectl config --kubeconfig $f set-credentials {{ user }} --client-certificate=/var/tmp/.{{ user }}.crt --client-key=/etc/kubernetes/pki/apiserver-kubelet-client.key --embed-certs=true
kubectl config --kubeconfig $f set-context {{ user }}@kubernetes --cluster=kubernetes --user={{ user }}
kubectl config --kubeconfig $f set-context guest@elsewhere --cluster=elsewhere --user={{ user }}
kubectl config --kubeconfig $f use-context guest@elsewhere
