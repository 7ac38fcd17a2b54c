kubeadm token create --print-join-command > /tmp/join.sh
scp /tmp/join.sh node02:/tmp/join.sh
ssh node02 "bash /tmp/join.sh"
sleep 30
kubectl label node node02 {{ label.key }}={{ label.value }}
