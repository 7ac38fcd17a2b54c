kubeadm kubeconfig user --client-name={{ user }} --org=night-shift > /root/{{ user }}.conf
kubectl create clusterrolebinding night-shift --clusterrole=view --group=night-shift
