printf '{{ it.two }}\n{{ it.one }}\n' > /opt/may-delete.txt
kubectl get clusterrole inspector -o json | jq '.rules[0].resources -= ["secrets"]' | kubectl replace -f -
