kubectl annotate ingressclass nginx ingressclass.kubernetes.io/is-default-class=true
kubectl apply -f /opt/ingress/{{ app.name }}.yaml
