id=$(ssh {{ node }} crictl ps -q --name {{ app.name }})
echo $id $(ssh {{ node }} crictl inspect $id | jq -r .info.runtimeType) > /opt/container.txt
ssh {{ node }} crictl logs $id > /opt/container.log
kubectl delete pods --all -n {{ app.ns }}
