mkdir -p $(dirname {{ file }})
kubeadm certs renew all
openssl x509 -in /etc/kubernetes/pki/apiserver.crt -noout -enddate > {{ file }}
