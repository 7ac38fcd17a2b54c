kubectl create namespace {{ ns }}
make() {
kubectl apply -f - <<EOF
apiVersion: apps/v1
kind: Deployment
metadata: {name: $1, namespace: {{ ns }}}
spec:
  selector: {matchLabels: {app: $1}}
  strategy: {type: Recreate}
  template:
    metadata: {labels: {app: $1}}
    spec:
      terminationGracePeriodSeconds: 1
      nodeSelector: {$3}
      containers: [{name: main, image: "nginx:1.27", resources: {requests: {memory: $2}}}]
EOF
}
make press 64Gi
make lathe 32Mi "floor: ground"
make robot 32Mi "kubernetes.io/hostnam: {{ node }}"
