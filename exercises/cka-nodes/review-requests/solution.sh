kubectl certificate approve {{ good }}
kubectl certificate deny {{ bad }}
echo {{ bad }}-owner > /root/denied.txt
sleep 5
