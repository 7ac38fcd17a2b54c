kubectl create deployment {{ app }} --image=nginx:1.27 --replicas=2
kubectl rollout status deployment {{ app }} --timeout=120s
sed -i 's#{{ fault.from }}#{{ fault.to }}#' /etc/kubernetes/manifests/kube-controller-manager.yaml
sleep 90
kubectl scale deployment {{ app }} --replicas=4
