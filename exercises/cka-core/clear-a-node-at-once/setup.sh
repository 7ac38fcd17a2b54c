kubectl create namespace guard
kubectl apply -f - <<EOF
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: "{{ guard }}", namespace: guard}
spec:
  selector: {matchLabels: {app: "{{ guard }}"}}
  template:
    metadata: {labels: {app: "{{ guard }}"}}
    spec:
      containers: [{name: main, image: "busybox:1.36", command: [sleep, infinity]}]
EOF
kubectl create deployment shop --image=nginx:1.27 --replicas=4
