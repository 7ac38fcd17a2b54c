kubectl create namespace {{ it.ns }}
kubectl create namespace audit
for sa in {{ it.one }} {{ it.two }} {{ it.three }} {{ it.four }}; do kubectl create serviceaccount $sa -n {{ it.ns }}; done
kubectl create serviceaccount reader -n audit
kubectl create rolebinding {{ it.one }}-edits --clusterrole=edit --serviceaccount={{ it.ns }}:{{ it.one }} -n {{ it.ns }}
kubectl create role all-of-pods --verb='*' --resource=pods -n {{ it.ns }}
kubectl create rolebinding {{ it.two }}-pods --role=all-of-pods --serviceaccount={{ it.ns }}:{{ it.two }} -n {{ it.ns }}
kubectl create role runs --verb=create,list,deletecollection --resource=pods,jobs -n {{ it.ns }}
kubectl create rolebinding {{ it.three }}-runs --role=runs --serviceaccount={{ it.ns }}:{{ it.three }} -n {{ it.ns }}
kubectl create rolebinding {{ it.three }}-elsewhere --clusterrole=admin --serviceaccount={{ it.ns }}:{{ it.three }} -n audit
kubectl create clusterrole inspector --verb=get,list,watch --resource=pods,configmaps,secrets,nodes
kubectl create clusterrolebinding inspectors --clusterrole=inspector --serviceaccount={{ it.ns }}:{{ it.four }} --serviceaccount=audit:reader
