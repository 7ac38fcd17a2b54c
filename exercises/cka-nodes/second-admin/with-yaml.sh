kubeadm kubeconfig user --client-name {{ user }} --org night-shift --validity-period {{ days.hours }} > /opt/{{ user }}.conf
kubectl apply -f - <<EOF
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: night-shift
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: view
subjects:
- apiGroup: rbac.authorization.k8s.io
  kind: Group
  name: night-shift
EOF
