kubectl logs -n {{ app.ns }} deploy/{{ app.name }} --previous
kubectl patch deployment {{ app.name }} -n {{ app.ns }} -p '{"spec":{"template":{"spec":{"containers":[{"name":"postgres","env":[{"name":"POSTGRES_PASSWORD","valueFrom":{"secretKeyRef":{"name":"{{ app.name }}","key":"password"}}}]}]}}}}'
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }} --timeout=180s
