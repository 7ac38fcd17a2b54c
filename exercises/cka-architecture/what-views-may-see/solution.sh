cat > roles.yaml <<EOF
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ who }}-storage
  labels:
    uncordon.example/part-of: {{ who }}
rules:
- apiGroups: ["storage.k8s.io"]
  resources: ["storageclasses", "csidrivers"]
  verbs: ["get", "list"]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ who }}-extra
aggregationRule:
  clusterRoleSelectors:
  - matchLabels:
      uncordon.example/part-of: {{ who }}
EOF
kubectl apply -f roles.yaml
kubectl create clusterrolebinding {{ who }}-extra --clusterrole={{ who }}-extra --group={{ who }}
