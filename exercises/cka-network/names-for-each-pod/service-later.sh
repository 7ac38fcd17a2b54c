kubectl create namespace {{ app.ns }}
cat > all.yaml <<EOF
apiVersion: v1
kind: Service
metadata:
  name: {{ app.name }}
  namespace: {{ app.ns }}
spec:
  clusterIP: None
  selector:
    app: {{ app.name }}
  ports:
  - port: 6379
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ app.name }}
  namespace: {{ app.ns }}
spec:
  serviceName: {{ app.name }}
  replicas: 2
  selector: {matchLabels: {app: {{ app.name }}}}
  template:
    metadata: {labels: {app: {{ app.name }}}}
    spec:
      containers:
      - name: db
        image: redis:7
        ports: [{containerPort: 6379}]
EOF
sed '1,/^---/d' all.yaml | kubectl create -f -
sleep 20
kubectl create service clusterip {{ app.name }} -n {{ app.ns }} --clusterip=None --tcp=6379
