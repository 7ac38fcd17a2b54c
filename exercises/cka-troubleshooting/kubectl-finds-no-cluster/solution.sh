kubectl --kubeconfig /opt/kube/{{ who }}.conf get nodes
kubectl config --kubeconfig /opt/kube/{{ who }}.conf set-cluster site --server=https://172.30.1.2:6443 --certificate-authority=/etc/kubernetes/pki/ca.crt --embed-certs=true
