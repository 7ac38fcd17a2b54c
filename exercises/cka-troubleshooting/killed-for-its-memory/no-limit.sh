echo OOMKilled > /opt/answers/reason.txt
kubectl patch deployment {{ app.name }} -n {{ app.ns }} --type=json -p '[{"op":"replace","path":"/spec/template/spec/containers/0/resources","value":{"requests":{"cpu":"20m","memory":"128Mi"}}}]'
