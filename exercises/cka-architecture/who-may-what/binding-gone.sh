printf '{{ it.two }}\n{{ it.one }}\n' > /opt/may-delete.txt
kubectl get clusterrolebinding inspectors -o json | jq 'del(.subjects[] | select(.name == "{{ it.four }}"))' | kubectl replace -f -
