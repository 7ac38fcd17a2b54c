sed -i '/--{{ flag.wrong }}=/d' /etc/kubernetes/manifests/kube-apiserver.yaml
sleep 60
