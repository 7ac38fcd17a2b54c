sed -i 's#--kubeconfig=/etc/kubernetes/{{ file }}#--kubeconfig=/etc/kubernetes/scheduler.conf#' /etc/kubernetes/manifests/kube-scheduler.yaml
sleep 90
