cat > role.yaml <<EOF
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ role }}
  namespace: {{ who.ns }}
rules:
- apiGroups: ["apps"]
  resources: ["deployments"]
  verbs: ["get", "list", "create", "update"]
- apiGroups: [""]
  resources: ["pods"]
  verbs: ["get", "list"]
EOF
kubectl apply -f role.yaml
kubectl create rolebinding {{ role }}-{{ who.user }} -n {{ who.ns }} --role={{ role }} --user={{ who.user }}
