mkdir -p $(dirname {{ file }})
rm /etc/kubernetes/pki/apiserver.crt /etc/kubernetes/pki/apiserver.key
kubeadm init phase certs apiserver --apiserver-advertise-address 172.30.1.2
mv /etc/kubernetes/manifests/kube-apiserver.yaml /tmp/
sleep 20
mv /tmp/kube-apiserver.yaml /etc/kubernetes/manifests/
sleep 60
openssl x509 -in /etc/kubernetes/pki/apiserver.crt -noout -enddate > {{ file }}
