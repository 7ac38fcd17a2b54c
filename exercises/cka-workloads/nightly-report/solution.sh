cat > cj.yaml <<EOF
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {{ app.name }}
  namespace: {{ app.ns }}
spec:
  schedule: "30 {{ hour }} * * *"
  timeZone: {{ zone }}
  concurrencyPolicy: Forbid
  successfulJobsHistoryLimit: 2
  failedJobsHistoryLimit: 1
  jobTemplate:
    spec:
      activeDeadlineSeconds: 120
      backoffLimit: 2
      template:
        spec:
          restartPolicy: Never
          containers:
          - name: main
            image: busybox:1.36
            command: ["sh", "-c", "date; echo report done"]
EOF
kubectl apply -f cj.yaml
kubectl create job {{ app.name }}-now -n {{ app.ns }} --from=cronjob/{{ app.name }}
