kubectl taint node {{ node }} {{ kind.key }}={{ kind.value }}:NoSchedule
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
    operator: Equal
    value: {{ kind.value }}
    effect: NoSchedule
  containers:
  - name: main
    image: nginx:1.27
EOF
