kubectl get pods -n {{ app.ns }} -o wide
id=$(ssh {{ node }} crictl ps -q --name {{ app.name }})
echo $id $(ssh {{ node }} crictl inspect $id | jq -r .info.runtimeType) > /opt/container.txt
ssh {{ node }} crictl logs $id > /opt/container.log
ssh {{ node }} crictl stop $id
