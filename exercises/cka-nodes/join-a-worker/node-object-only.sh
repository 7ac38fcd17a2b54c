kubectl apply -f - <<EOF
apiVersion: v1
kind: Node
metadata:
  name: node02
EOF
kubectl label node node02 {{ label.key }}={{ label.value }}
