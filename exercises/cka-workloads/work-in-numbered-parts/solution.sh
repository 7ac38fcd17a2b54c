cat > job.yaml <<'EOF'
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ app.name }}
  namespace: {{ app.ns }}
spec:
  completionMode: Indexed
  completions: {{ parts }}
  parallelism: 2
  backoffLimitPerIndex: 1
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: main
        image: busybox:1.36
        command: ["sh", "-c", "echo part $JOB_COMPLETION_INDEX; test $JOB_COMPLETION_INDEX -ne {{ bad }}"]
EOF
kubectl apply -f job.yaml
kubectl wait --for=condition=Failed job/{{ app.name }} -n {{ app.ns }} --timeout=200s
kubectl get job {{ app.name }} -n {{ app.ns }} -o jsonpath='{.status.failedIndexes}' > /opt/failed-parts.txt
