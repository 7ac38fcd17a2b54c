kubectl create namespace {{ app.ns }}
kubectl apply -f - <<EOF
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ app.name }}, namespace: {{ app.ns }}}
spec:
  selector: {matchLabels: {app: {{ app.name }}}}
  template:
    metadata: {labels: {app: {{ app.name }}}}
    spec:
      terminationGracePeriodSeconds: 2
      containers:
      - name: main
        image: busybox:1.36
        command: [sh, -c, "mkdir -p /var/log/app; i=0; while true; do i=\$((i+1)); echo \"{{ app.name }} cycle \$i\" >> /var/log/app/{{ app.log }}; sleep 10; done"]
EOF
