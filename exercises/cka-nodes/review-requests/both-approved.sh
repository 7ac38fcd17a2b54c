kubectl certificate approve {{ good }} {{ bad }}
echo {{ bad }}-owner > /root/denied.txt
sleep 5
