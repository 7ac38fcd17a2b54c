kubectl delete deployment {{ app.name }} -n {{ app.ns }}
kubectl create deployment {{ app.name }} -n {{ app.ns }} --image=nginx:1.27 --replicas=4
kubectl patch deployment {{ app.name }} -n {{ app.ns }} -p '{"spec":{"strategy":{"rollingUpdate":{"maxSurge":{{ surge }},"maxUnavailable":0}}}}'
kubectl annotate deployment {{ app.name }} -n {{ app.ns }} kubernetes.io/change-cause="security update"
