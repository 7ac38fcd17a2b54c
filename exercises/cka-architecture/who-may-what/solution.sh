for sa in $(kubectl get sa -n {{ it.ns }} -o jsonpath='{.items[*].metadata.name}'); do
  kubectl auth can-i delete pods -n {{ it.ns }} --as=system:serviceaccount:{{ it.ns }}:$sa -q && echo $sa
done > /opt/may-delete.txt
kubectl create clusterrole inspector-without-secrets --verb=get,list,watch --resource=pods,configmaps,nodes
kubectl create clusterrolebinding inspector-without-secrets --clusterrole=inspector-without-secrets --serviceaccount={{ it.ns }}:{{ it.four }}
kubectl get clusterrolebinding inspectors -o json | jq 'del(.subjects[] | select(.name == "{{ it.four }}"))' | kubectl replace -f -
