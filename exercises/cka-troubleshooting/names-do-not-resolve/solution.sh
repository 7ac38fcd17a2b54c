kubectl get pods,endpointslices -n kube-system -l k8s-app=kube-dns
kubectl scale deployment coredns -n kube-system --replicas=2
kubectl set selector service kube-dns -n kube-system k8s-app=kube-dns
kubectl get cm coredns -n kube-system -o yaml > cm.yaml
sed -i 's/kubernets cluster.local/kubernetes cluster.local/' cm.yaml
kubectl apply -f cm.yaml
kubectl rollout restart deployment coredns -n kube-system
kubectl rollout status deployment coredns -n kube-system --timeout=180s
