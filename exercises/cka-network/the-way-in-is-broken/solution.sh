kubectl get ingressclass
kubectl patch ingress {{ app.svc }} -n {{ app.ns }} -p '{"spec":{"ingressClassName":"nginx"}}'
kubectl set selector service {{ app.svc }} -n {{ app.ns }} app={{ app.svc }},tier=web
kubectl patch service {{ app.svc }} -n {{ app.ns }} --type=json -p '[{"op":"replace","path":"/spec/ports/0/targetPort","value":5678}]'
sleep 10
