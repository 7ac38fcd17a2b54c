kubectl apply -f - <<EOF
apiVersion: v1
kind: Pod
metadata:
  name: {{ kind.pod }}
spec:
  nodeSelector:
    kubernetes.io/hostname: {{ node }}
  tolerations:
  - key: {{ kind.key }}
    operator: Exists
    effect: NoSchedule
  containers:
  - name: main
    image: nginx:1.27
EOF
kubectl taint node {{ node }} {{ kind.key }}={{ kind.value }}:NoSchedule
