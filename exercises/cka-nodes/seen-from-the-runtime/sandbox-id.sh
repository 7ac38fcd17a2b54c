id=$(ssh {{ node }} crictl ps -q --name {{ app.name }})
echo $(ssh {{ node }} crictl pods -q --namespace {{ app.ns }}) $(ssh {{ node }} crictl inspect $id | jq -r .info.runtimeType) > /opt/container.txt
ssh {{ node }} crictl logs $id > /opt/container.log
ssh {{ node }} crictl stop $id
