printf '{{ it.one }}\n{{ it.two }}\n{{ it.three }}\n' > /opt/may-delete.txt
kubectl create clusterrole inspector-without-secrets --verb=get,list,watch --resource=pods,configmaps,nodes
kubectl create clusterrolebinding inspector-without-secrets --clusterrole=inspector-without-secrets --serviceaccount={{ it.ns }}:{{ it.four }}
kubectl get clusterrolebinding inspectors -o json | jq 'del(.subjects[] | select(.name == "{{ it.four }}"))' | kubectl replace -f -
