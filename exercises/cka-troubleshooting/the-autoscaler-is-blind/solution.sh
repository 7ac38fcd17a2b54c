kubectl describe hpa {{ app.name }} -n {{ app.ns }}
kubectl patch hpa {{ app.name }} -n {{ app.ns }} -p '{"spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"{{ app.name }}-web"}}}'
kubectl set resources deployment {{ app.name }}-web -n {{ app.ns }} -c {{ app.side }} --requests=cpu={{ low }}
kubectl rollout status deployment {{ app.name }}-web -n {{ app.ns }}
