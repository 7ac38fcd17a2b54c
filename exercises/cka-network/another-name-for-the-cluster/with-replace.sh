kubectl get cm coredns -n kube-system -o yaml > /opt/coredns.yaml
kubectl get cm coredns -n kube-system -o json | jq '.data.Corefile |= sub("    kubernetes cluster.local"; "    rewrite stop name exact {{ alias.name }} {{ alias.target }}.svc.cluster.local\n    kubernetes cluster.local")' | kubectl replace -f -
kubectl delete pods -n kube-system -l k8s-app=kube-dns
