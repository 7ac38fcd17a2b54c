kubectl get cm coredns -n kube-system -o yaml > /opt/coredns.yaml
ip=$(kubectl get svc resolver -n legacy -o jsonpath='{.spec.clusterIP}')
sed "s/^\( *\)forward \. /\1forward {{ it.zone }} $ip\n&/" /opt/coredns.yaml > new.yaml
kubectl apply -f new.yaml
kubectl rollout restart deployment coredns -n kube-system
