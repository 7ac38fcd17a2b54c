tail -n 3 /var/log/containers/kube-apiserver-*.log
cp /etc/kubernetes/manifests/kube-apiserver.yaml /opt/found.yaml
sed -i 's#{{ fault.to }}#{{ fault.from }}#' /etc/kubernetes/manifests/kube-apiserver.yaml
sleep 120
