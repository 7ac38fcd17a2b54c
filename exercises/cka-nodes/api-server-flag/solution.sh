sed -i 's/--{{ flag.wrong }}=/--{{ flag.right }}=/' /etc/kubernetes/manifests/kube-apiserver.yaml
sleep 60
