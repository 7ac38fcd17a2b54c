kubectl patch ingress {{ app.svc }} -n {{ app.ns }} -p '{"spec":{"ingressClassName":"nginx"}}'
sleep 10
