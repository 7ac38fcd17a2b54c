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
      terminationGracePeriodSeconds: 5
      initContainers:
      - name: {{ app.helper }}
        image: busybox:1.36
        restartPolicy: Always
        command: ["sh", "-c", "touch /work/out.log; tail -f /work/out.log"]
        volumeMounts:
        - {name: work, mountPath: /work}
      containers:
      - name: work
        image: busybox:1.36
        command: ["sh", "-c", "for i in 1 2 3; do echo step \$i >> /work/out.log; sleep 2; done; echo all done >> /work/out.log; sleep 3"]
        volumeMounts:
        - {name: work, mountPath: /work}
      volumes:
      - name: work
        emptyDir: {}
EOF
kubectl replace --force -f /opt/job.yaml
kubectl wait --for=condition=Complete job/{{ app.name }} -n {{ app.ns }} --timeout=120s
