kubectl get endpointslices,pods -n {{ app.ns }} --show-labels
kubectl patch service {{ app.name }} -n {{ app.ns }} --type=json -p '[{"op":"replace","path":"/spec/selector/app","value":"{{ app.label }}"},{"op":"replace","path":"/spec/ports/0/targetPort","value":80}]'
