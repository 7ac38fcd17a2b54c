cat > pod.yaml <<EOF
apiVersion: v1
kind: Pod
metadata:
  name: {{ app }}
spec:
  containers:
  - name: web
    image: httpd:2.4
    resources:
      requests:
        cpu: {{ cpu }}
EOF
cp pod.yaml /etc/kubernetes/manifests/{{ app }}.yaml
sleep 30
