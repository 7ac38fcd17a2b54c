echo OOMKilled > /opt/answers/reason.txt
kubectl patch deployment {{ app.name }} -n {{ app.ns }} -p '{"spec":{"template":{"spec":{"containers":[{"name":"main","resources":{"requests":{"memory":"128Mi"},"limits":{"memory":"160Mi"}}}]}}}}'
