kubectl certificate approve {{ good }}
kubectl certificate deny {{ bad }}
echo {{ bad }}-owner > /opt/denied.txt
sleep 5
