kubectl create serviceaccount {{ app.sa }} -n {{ app.ns }}
kubectl create clusterrole {{ app.sa }} --verb=get,list,watch --resource={{ resource }}
kubectl create clusterrolebinding {{ app.sa }} --clusterrole={{ app.sa }} --serviceaccount={{ app.ns }}:{{ app.sa }}
kubectl set serviceaccount deployment {{ app.deploy }} {{ app.sa }} -n {{ app.ns }}
kubectl rollout status deployment {{ app.deploy }} -n {{ app.ns }} --timeout=120s
