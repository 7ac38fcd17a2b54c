kubectl patch ingress {{ app.name }} -n {{ app.ns }} -p '{"spec":{"ingressClassName":"nginx"}}'
