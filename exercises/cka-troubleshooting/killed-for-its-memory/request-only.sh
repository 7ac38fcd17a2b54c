echo OOMKilled > /opt/answers/reason.txt
kubectl set resources deployment {{ app.name }} -n {{ app.ns }} --requests=memory=64Mi
