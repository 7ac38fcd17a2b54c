kubectl create role {{ role }} -n {{ who.ns }} --verb=get,list,create,update --resource=deployments.apps
kubectl patch role {{ role }} -n {{ who.ns }} --type=json -p '[{"op":"add","path":"/rules/-","value":{"apiGroups":[""],"resources":["pods"],"verbs":["get","list"]}}]'
kubectl create rolebinding {{ role }}-{{ who.user }} -n {{ who.ns }} --role={{ role }} --user={{ who.user }}
