kubectl create namespace {{ team.ns }}
kubectl apply -f - <<EOF
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: {{ team.role }}, namespace: {{ team.ns }}}
rules:
- {apiGroups: [""], resources: [pods, configmaps, secrets], verbs: [get, list, watch]}
- {apiGroups: [""], resources: [pods], verbs: [delete]}
EOF
kubectl create rolebinding {{ team.role }} -n {{ team.ns }} --role={{ team.role }} --group={{ team.group }}
