kubectl create serviceaccount {{ app.sa }} -n {{ app.ns }}
kubectl create clusterrole {{ app.sa }} --verb=get,list,watch --resource={{ resource }}
kubectl create rolebinding {{ app.sa }} -n {{ app.ns }} --clusterrole={{ app.sa }} --serviceaccount={{ app.ns }}:{{ app.sa }}
