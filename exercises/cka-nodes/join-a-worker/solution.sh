join=$(kubeadm token create --print-join-command)
ssh node02 "$join"
sleep 30
kubectl label node node02 {{ label.key }}={{ label.value }}
