mv /etc/kubernetes/manifests/kube-controller-manager.yaml /root/kcm.yaml
sleep 20
sed 's#{{ fault.to }}#{{ fault.from }}#' /root/kcm.yaml > /etc/kubernetes/manifests/kube-controller-manager.yaml
kubectl rollout status deployment {{ app }} --timeout=300s
