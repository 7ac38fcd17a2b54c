sed -i 's/--{{ flag.right }}=/--{{ flag.wrong }}=/' /etc/kubernetes/manifests/kube-apiserver.yaml
sleep 40
