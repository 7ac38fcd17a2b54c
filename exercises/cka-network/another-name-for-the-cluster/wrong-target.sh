kubectl get configmap coredns -n kube-system -o yaml > /opt/coredns.yaml
sed 's/^\( *\)kubernetes cluster.local/\1rewrite name {{ alias.name }} {{ alias.target }}\n&/' /opt/coredns.yaml > new.yaml
kubectl apply -f new.yaml
kubectl rollout restart deployment coredns -n kube-system
