ssh {{ node }} "sudo systemctl start kubelet && sudo systemctl enable kubelet"
kubectl get nodes
