kubectl certificate approve {{ good }} {{ bad }}
echo {{ bad }}-owner > /opt/denied.txt
sleep 5
