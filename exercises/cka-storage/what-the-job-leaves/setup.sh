kubectl create namespace {{ app.ns }}
cat > /opt/job.yaml <<EOF
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ app.name }}
  namespace: {{ app.ns }}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: main
        image: busybox:1.36
        command: ["sh", "-c", "echo result of {{ app.name }} > /out/result.txt"]
        volumeMounts:
        - name: out
          mountPath: /out
      volumes:
      - name: out
        emptyDir: {}
EOF
kubectl apply -f /opt/job.yaml
