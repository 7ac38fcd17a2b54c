kubectl create deployment {{ app }} --image=nginx:1.27
sleep 20
sed -i 's#--{{ fault.flag }}={{ fault.right }}#--{{ fault.flag }}={{ fault.wrong }}#' /etc/kubernetes/manifests/kube-controller-manager.yaml
sleep 20
kubectl scale deployment {{ app }} --replicas=3
sleep 10
