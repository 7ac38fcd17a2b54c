kubectl patch deployment coredns -n kube-system -p '{"spec":{"replicas":2}}'
kubectl patch service kube-dns -n kube-system -p '{"spec":{"selector":{"k8s-app":"kube-dns"}}}'
kubectl get cm coredns -n kube-system -o json | jq '.data.Corefile |= sub("kubernets "; "kubernetes ")' | kubectl replace -f -
kubectl delete pods -n kube-system -l k8s-app=kube-dns
