ip=$(kubectl get svc resolver -n legacy -o jsonpath='{.spec.clusterIP}')
kubectl get configmap coredns -n kube-system -o jsonpath='{.data.Corefile}' > Corefile
printf "{{ it.zone }}:53 {\n    forward . $ip\n}\n" >> Corefile
kubectl create configmap coredns -n kube-system --from-file=Corefile --dry-run=client -o yaml | kubectl replace -f -
