cp /etc/kubernetes/manifests/kube-apiserver.yaml /opt/found.yaml
sed -i '/{{ fault.to | replace("/", "\\/") }}/d' /etc/kubernetes/manifests/kube-apiserver.yaml
sleep 120
