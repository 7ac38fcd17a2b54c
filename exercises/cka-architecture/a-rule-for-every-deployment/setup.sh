kubectl create namespace {{ ns }}
kubectl label namespace {{ ns }} size=small
kubectl create deployment resident -n {{ ns }} --image=nginx:1.27
