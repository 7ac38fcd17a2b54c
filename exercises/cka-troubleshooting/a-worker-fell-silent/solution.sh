ssh {{ node }} systemctl enable --now kubelet
kubectl wait --for=condition=Ready node/{{ node }} --timeout=120s
