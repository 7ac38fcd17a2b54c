kubectl create role {{ role }} -n {{ who.ns }} --verb=get,list,create,update --resource=deployments,pods
kubectl create rolebinding {{ role }}-{{ who.user }} -n {{ who.ns }} --role={{ role }} --user={{ who.user }}
