ssh {{ node }} systemctl start containerd
ssh {{ node }} sed -i 's#pki/{{ file }}#pki/ca.crt#' /var/lib/kubelet/config.yaml
ssh {{ node }} systemctl restart kubelet
sleep 60
