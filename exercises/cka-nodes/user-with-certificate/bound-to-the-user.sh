kubectl -n workshop create role {{ team }}-pods --verb=get,list,watch --resource=pods
kubectl -n workshop create rolebinding {{ team }}-pods --role={{ team }}-pods --user={{ user }}
