kubectl create namespace jobs
kubectl taint node node01 node02 {{ taint.key }}={{ taint.value }}:NoSchedule
kubectl create deployment {{ app }} -n jobs --image=nginx:1.27 --replicas=2
