kubectl get cm kubeadm-config -n kube-system -o jsonpath='{.data.ClusterConfiguration}' > conf.txt
grep serviceSubnet conf.txt | awk '{print $2}' > /opt/facts/service-cidr.txt
grep podSubnet conf.txt | awk '{print $2}' > /opt/facts/pod-cidr.txt
echo "-node02" > /opt/facts/static-suffix.txt
openssl x509 -enddate -noout -in /etc/kubernetes/pki/{{ cert }}.crt | sed s/notAfter=// > /opt/facts/not-after.txt
