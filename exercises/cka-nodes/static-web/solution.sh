ssh {{ node }} "cat > /etc/kubernetes/manifests/{{ name }}.yaml" <<EOF
apiVersion: v1
kind: Pod
metadata:
  name: {{ name }}
spec:
  containers:
  - name: web
    image: {{ image }}
    ports:
    - containerPort: 80
EOF
sleep 40
