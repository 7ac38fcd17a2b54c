kubectl certificate approve {{ good }}
kubectl delete csr {{ bad }}
echo {{ bad }}-owner > /root/denied.txt
sleep 5
