kubectl config set-cluster kubernetes --kubeconfig {{ file }} --server=https://172.30.1.2:6443
