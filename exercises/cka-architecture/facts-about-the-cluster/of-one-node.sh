grep -o 'service-cluster-ip-range=.*' /etc/kubernetes/manifests/kube-apiserver.yaml | cut -d= -f2 > /opt/facts/service-cidr.txt
kubectl get node node01 -o jsonpath='{.spec.podCIDR}' > /opt/facts/pod-cidr.txt
echo -node02 > /opt/facts/static-suffix.txt
openssl x509 -in /etc/kubernetes/pki/{{ cert }}.crt -noout -enddate | cut -d= -f2 > /opt/facts/not-after.txt
