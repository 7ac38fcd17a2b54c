kubectl get deploy {{ app.name }} -n {{ app.ns }} -o yaml | sed 's/app: {{ app.label }}/app: {{ app.name }}/' > d.yaml
kubectl replace --force -f d.yaml
kubectl patch service {{ app.name }} -n {{ app.ns }} --type=json -p '[{"op":"replace","path":"/spec/ports/0/targetPort","value":80}]'
