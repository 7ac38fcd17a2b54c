kubectl patch deployment {{ app.name }} -n {{ app.ns }} -p '{"spec":{"template":{"spec":{"containers":[{"name":"main","startupProbe":{"httpGet":{"path":"/","port":80},"periodSeconds":5}}]}}}}'
