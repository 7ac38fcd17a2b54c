kubectl create namespace {{ app.ns }}
kubectl create priorityclass background --value=-10
kubectl create priorityclass ordinary --value=1000
kubectl create priorityclass {{ top.name }} --value={{ top.value }}
kubectl apply -f - <<EOF
apiVersion: apps/v1
kind: Deployment
metadata: {name: batch, namespace: {{ app.ns }}}
spec:
  replicas: 4
  selector: {matchLabels: {app: batch}}
  template:
    metadata: {labels: {app: batch}}
    spec:
      priorityClassName: background
      terminationGracePeriodSeconds: 1
      containers:
      - {name: main, image: "nginx:1.27", resources: {requests: {cpu: 800m}}}
EOF
sleep 30
kubectl apply -f - <<EOF
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ app.name }}, namespace: {{ app.ns }}}
spec:
  replicas: 2
  selector: {matchLabels: {app: {{ app.name }}}}
  template:
    metadata: {labels: {app: {{ app.name }}}}
    spec:
      priorityClassName: background
      containers:
      - {name: main, image: "nginx:1.27", resources: {requests: {cpu: 800m}}}
EOF
sleep 15
