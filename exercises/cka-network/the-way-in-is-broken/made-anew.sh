kubectl delete ingress,svc {{ app.svc }} -n {{ app.ns }}
kubectl expose deployment {{ app.svc }} -n {{ app.ns }} --port=80 --target-port=5678
kubectl create ingress {{ app.svc }} -n {{ app.ns }} --class=nginx --rule='{{ app.host }}/*={{ app.svc }}:80'
sleep 10
