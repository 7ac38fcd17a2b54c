kubectl create namespace {{ app.ns }}
kubectl create -f - <<EOF
apiVersion: v1
kind: Service
metadata: {name: {{ app.name }}, namespace: {{ app.ns }}}
spec: {ports: [{name: db, port: {{ port }}, targetPort: 10250}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: machine, namespace: {{ app.ns }}, labels: {kubernetes.io/service-name: {{ app.name }}}}
addressType: IPv4
ports: [{name: db, port: 10250}]
endpoints: [{addresses: [172.30.3.2], conditions: {ready: true}}]
EOF
