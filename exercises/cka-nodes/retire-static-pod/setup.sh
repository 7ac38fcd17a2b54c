ssh {{ node }} "cat > /etc/kubernetes/manifests/{{ file }}" <<EOF
apiVersion: v1
kind: Pod
metadata:
  name: {{ name }}
spec:
  containers:
  - name: main
    image: busybox:1.36
    command: [sleep, infinity]
EOF
sleep 30
