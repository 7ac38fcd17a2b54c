kubectl get configmap coredns -n kube-system -o yaml > /opt/coredns.yaml
kubectl get configmap coredns -n kube-system -o jsonpath='{.data.Corefile}' > Corefile
printf '{{ it.zone }}:53 {\n    forward . resolver.legacy.svc.cluster.local\n}\n' >> Corefile
kubectl create configmap coredns -n kube-system --from-file=Corefile --dry-run=client -o yaml | kubectl replace -f -
kubectl rollout restart deployment coredns -n kube-system
