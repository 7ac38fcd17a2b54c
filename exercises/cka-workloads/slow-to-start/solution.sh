kubectl patch deployment {{ app.name }} -n {{ app.ns }} -p '{"spec":{"template":{"spec":{"containers":[{"name":"main","startupProbe":{"httpGet":{"path":"/","port":80},"periodSeconds":5,"failureThreshold":24}}]}}}}'
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }} --timeout=200s
