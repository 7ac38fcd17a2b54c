kubectl patch deployment {{ app.name }} -n {{ app.ns }} --type=json -p '[{"op":"add","path":"/spec/template/spec/containers/0/ports","value":[{"name":"web","containerPort":80}]}]'
cat > svc.yaml <<EOF
apiVersion: v1
kind: Service
metadata:
  name: {{ app.name }}-public
  namespace: {{ app.ns }}
spec:
  type: NodePort
  selector:
    app: {{ app.name }}
  ports:
  - port: 80
    targetPort: web
EOF
kubectl apply -f svc.yaml
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }}
