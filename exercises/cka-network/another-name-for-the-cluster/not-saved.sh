kubectl get configmap coredns -n kube-system -o yaml > cm.yaml
sed 's/^\( *\)kubernetes cluster.local/\1rewrite name {{ alias.name }} {{ alias.target }}.svc.cluster.local\n&/' cm.yaml | kubectl apply -f -
kubectl rollout restart deployment coredns -n kube-system
