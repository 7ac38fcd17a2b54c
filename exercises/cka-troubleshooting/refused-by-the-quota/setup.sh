kubectl create namespace {{ ns }}
kubectl create quota budget -n {{ ns }} --hard=requests.cpu=200m,limits.cpu=200m,requests.memory=128Mi,limits.memory=128Mi
kubectl create deployment {{ app }} -n {{ ns }} --image=nginx:1.27 --replicas=2
kubectl patch deployment {{ app }} -n {{ ns }} -p '{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null}}}'
