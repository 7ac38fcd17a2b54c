kubectl annotate ingressclass nginx ingressclass.kubernetes.io/is-default-class=true
kubectl delete ingress {{ app.name }} -n {{ app.ns }}
kubectl apply -f /opt/ingress/{{ app.name }}.yaml
