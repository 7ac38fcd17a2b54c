id=$(ssh {{ node }} crictl ps -q --name {{ app.name }})
echo $(ssh {{ node }} crictl pods -q --namespace {{ app.ns }}) $(ssh {{ node }} crictl inspect $id | jq -r .info.runtimeType) > /root/container.txt
ssh {{ node }} crictl logs $id > /root/container.log
ssh {{ node }} crictl stop $id
