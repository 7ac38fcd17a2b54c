grep -o 'service-cluster-ip-range=.*' /etc/kubernetes/manifests/kube-apiserver.yaml | cut -d= -f2 > /opt/facts/service-cidr.txt
grep -o ' --cluster-cidr=.*' /etc/kubernetes/manifests/kube-controller-manager.yaml | cut -d= -f2 > /opt/facts/pod-cidr.txt
echo -node02 > /opt/facts/static-suffix.txt
openssl x509 -in /etc/kubernetes/pki/{{ cert }}.crt -noout -startdate | cut -d= -f2 > /opt/facts/not-after.txt
