kubectl patch hpa {{ app.name }} -n {{ app.ns }} -p '{"spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"{{ app.name }}-web"}}}'
