kubeadm kubeconfig user --client-name={{ user }} --org=night-shift --validity-period={{ days.hours }} > /opt/{{ user }}.conf
kubectl create clusterrolebinding night-shift --clusterrole=view --group=night-shift
