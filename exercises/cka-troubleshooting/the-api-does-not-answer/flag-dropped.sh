cp /etc/kubernetes/manifests/kube-apiserver.yaml /root/found.yaml
sed -i '/{{ fault.to | replace("/", "\\/") }}/d' /etc/kubernetes/manifests/kube-apiserver.yaml
sleep 120
