kubectl create -f - <<EOF
apiVersion: v1
kind: Service
metadata: {name: {{ svc }}, namespace: {{ app.ns }}}
spec:
  selector: {app: {{ app.name }}}
  ports: [{port: {{ app.port }}, targetPort: http}]
EOF
