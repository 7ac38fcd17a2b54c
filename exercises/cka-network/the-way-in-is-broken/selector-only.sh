kubectl patch ingress {{ app.svc }} -n {{ app.ns }} -p '{"spec":{"ingressClassName":"nginx"}}'
kubectl set selector service {{ app.svc }} -n {{ app.ns }} app={{ app.svc }},tier=web
sleep 10
