kubectl create clusterrole {{ role }} --verb=get,list,create,update --resource=deployments,pods
kubectl create clusterrolebinding {{ role }}-{{ who.user }} --clusterrole={{ role }} --user={{ who.user }}
