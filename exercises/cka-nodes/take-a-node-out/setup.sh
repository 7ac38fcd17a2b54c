kubectl create deployment {{ app }} --image=nginx:1.27 --replicas=2
sleep 30
