mkdir -p $(dirname {{ file }})
kubeadm certs renew apiserver
mv /etc/kubernetes/manifests/kube-apiserver.yaml /tmp/
sleep 20
mv /tmp/kube-apiserver.yaml /etc/kubernetes/manifests/
sleep 60
openssl x509 -in /etc/kubernetes/pki/apiserver.crt -noout -enddate > {{ file }}
