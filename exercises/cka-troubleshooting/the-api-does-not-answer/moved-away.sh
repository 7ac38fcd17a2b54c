mv /etc/kubernetes/manifests/kube-apiserver.yaml /opt/found.yaml
sleep 20
sed 's#{{ fault.to }}#{{ fault.from }}#' /opt/found.yaml > /etc/kubernetes/manifests/kube-apiserver.yaml
until kubectl get nodes >/dev/null 2>&1; do sleep 5; done
