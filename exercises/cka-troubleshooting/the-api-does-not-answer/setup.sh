sed -i 's#{{ fault.from }}#{{ fault.to }}#' /etc/kubernetes/manifests/kube-apiserver.yaml
sleep 60
