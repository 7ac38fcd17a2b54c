kubectl patch ingressclass nginx -p '{"metadata":{"annotations":{"ingressclass.kubernetes.io/is-default-class":"true"}}}'
kubectl replace --force -f /opt/ingress/{{ app.name }}.yaml
