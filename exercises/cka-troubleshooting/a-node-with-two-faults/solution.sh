ssh {{ node }} systemctl enable --now containerd
ssh {{ node }} sed -i 's#pki/{{ file }}#pki/ca.crt#' /var/lib/kubelet/config.yaml
ssh {{ node }} systemctl restart kubelet
kubectl wait --for=condition=Ready node/{{ node }} --timeout=120s
