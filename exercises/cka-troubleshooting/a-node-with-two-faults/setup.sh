kubectl get node {{ node }} -o jsonpath='{.metadata.uid}' > /var/tmp/.uid
ssh {{ node }} systemctl disable containerd
ssh {{ node }} systemctl stop containerd
ssh {{ node }} sed -i 's#/etc/kubernetes/pki/ca.crt#/etc/kubernetes/pki/{{ file }}#' /var/lib/kubelet/config.yaml
ssh {{ node }} systemctl restart kubelet
sleep 60
