kubectl certificate approve {{ good }}
kubectl delete csr {{ bad }}
echo {{ bad }}-owner > /opt/denied.txt
sleep 5
