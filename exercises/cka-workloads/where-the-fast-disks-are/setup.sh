kubectl create namespace {{ app.ns }}
kubectl label node controlplane disk=hdd
kubectl label node node01 disk=ssd spot=yes
kubectl label node node02 disk=nvme
