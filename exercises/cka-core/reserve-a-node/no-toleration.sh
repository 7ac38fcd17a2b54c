kubectl taint node {{ node }} {{ kind.key }}={{ kind.value }}:NoSchedule
kubectl apply -f - <<EOF
apiVersion: v1
kind: Pod
metadata:
  name: {{ kind.pod }}
spec:
  nodeSelector:
    kubernetes.io/hostname: {{ node }}
  containers:
  - name: main
    image: nginx:1.27
EOF
