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
    targetPort: 80
    nodePort: {{ port }}
EOF
kubectl apply -f svc.yaml
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }}
