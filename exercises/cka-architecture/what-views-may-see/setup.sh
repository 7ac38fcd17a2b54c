kubectl create namespace {{ ns }}
kubectl create rolebinding {{ who }} -n {{ ns }} --clusterrole=view --group={{ who }}
