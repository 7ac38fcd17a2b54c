ssh {{ node }} "sed -i 's#^staticPodPath: .*#staticPodPath: {{ wrong }}#' /var/lib/kubelet/config.yaml; systemctl restart kubelet"
ssh {{ node }} "cat > /etc/kubernetes/manifests/{{ name }}.yaml" <<EOF
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
sleep 20
