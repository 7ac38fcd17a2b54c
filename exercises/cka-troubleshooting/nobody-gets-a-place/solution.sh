kubectl get pods -n kube-system
sed -i -e 's#--leader-election=true#--leader-elect=true#' -e 's#scheduling.conf#scheduler.conf#' -e 's#kube-schedulr#kube-scheduler#' /etc/kubernetes/manifests/kube-scheduler.yaml
sleep 60
kubectl rollout status deployment {{ app }} --timeout=120s
