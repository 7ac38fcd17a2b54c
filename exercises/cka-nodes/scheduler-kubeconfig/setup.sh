sed -i 's#--kubeconfig=/etc/kubernetes/scheduler.conf#--kubeconfig=/etc/kubernetes/{{ file }}#' /etc/kubernetes/manifests/kube-scheduler.yaml
sleep 20
kubectl create deployment {{ app }} --image=nginx:1.27 --replicas=2
sleep 10
