kubectl create namespace {{ ns }}
kubectl create namespace {{ ns }}-test
for i in $(seq {{ count }}); do kubectl -n {{ ns }} create configmap tree-$i --from-literal=row=$i; done
kubectl -n {{ ns }}-test create configmap stray --from-literal=a=b
sleep 5
