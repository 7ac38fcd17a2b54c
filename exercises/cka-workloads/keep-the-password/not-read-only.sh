kubectl create secret generic {{ app.name }}-db -n {{ app.ns }} --from-literal=username={{ app.user }} --from-literal=password=tide-{{ app.name }}-42
cat > deploy.yaml <<EOF
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ app.name }}
  namespace: {{ app.ns }}
spec:
  selector: {matchLabels: {app: {{ app.name }}}}
  template:
    metadata: {labels: {app: {{ app.name }}}}
    spec:
      terminationGracePeriodSeconds: 2
      containers:
      - name: main
        image: busybox:1.36
        command: ["sleep", "infinity"]
        env:
        - name: DB_PASSWORD
          valueFrom:
            secretKeyRef:
              name: {{ app.name }}-db
              key: password
        volumeMounts:
        - name: login
          mountPath: {{ mount }}
      volumes:
      - name: login
        secret:
          secretName: {{ app.name }}-db
EOF
kubectl replace -f deploy.yaml
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }}
