kubectl create namespace {{ app.ns }}
kubectl apply -f - <<EOF
apiVersion: v1
kind: Pod
metadata: {name: {{ app.name }}, namespace: {{ app.ns }}}
spec:
  containers:
  - name: {{ app.container }}
    image: nginx:1.27
    resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 500m, memory: 128Mi}}
EOF
sleep 20
kubectl get pod {{ app.name }} -n {{ app.ns }} -o jsonpath='{.metadata.uid}' > /var/tmp/.uid
