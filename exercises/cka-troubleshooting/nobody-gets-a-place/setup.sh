sed -i 's#{{ fault.from }}#{{ fault.to }}#' /etc/kubernetes/manifests/kube-scheduler.yaml
sleep 90
kubectl create deployment {{ app }} --image=nginx:1.27 --replicas=2
