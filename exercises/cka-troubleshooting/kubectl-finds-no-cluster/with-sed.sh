sed -i 's/:{{ port }}/:6443/' /opt/kube/{{ who }}.conf
ca=$(base64 -w0 /etc/kubernetes/pki/ca.crt)
sed -i "s#certificate-authority-data: .*#certificate-authority-data: $ca#" /opt/kube/{{ who }}.conf
