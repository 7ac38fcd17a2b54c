kubectl create namespace {{ it.one }}
kubectl create namespace {{ it.two }}
kubectl create deployment {{ big }} -n {{ it.one }} --image=polinux/stress -- stress --cpu 1
kubectl patch deployment {{ big }} -n {{ it.one }} -p '{"spec":{"template":{"metadata":{"labels":{"team":"{{ it.label | replace('team=', '') }}"}}}}}'
kubectl run idle -n {{ it.one }} --image=nginx:1.27 --labels={{ it.label }}
kubectl run hoard -n {{ it.two }} --image=polinux/stress --labels={{ it.label }} --command -- stress --vm 1 --vm-bytes 300M --vm-hang 0
kubectl run whirl -n {{ it.two }} --image=polinux/stress --labels=team=none --command -- stress --cpu 2
sleep 120
