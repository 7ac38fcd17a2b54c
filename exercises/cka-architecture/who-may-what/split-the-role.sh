printf '{{ it.two }}\n{{ it.one }}\n' > /opt/may-delete.txt
kubectl get clusterrole inspector -o json | jq '.rules[0].resources -= ["secrets"]' | kubectl replace -f -
kubectl create clusterrole secret-reader --verb=get --verb=list --verb=watch --resource=secrets
kubectl create clusterrolebinding secret-reader --clusterrole=secret-reader --serviceaccount=audit:reader
