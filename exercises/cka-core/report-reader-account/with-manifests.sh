cat > all.yaml <<EOF
apiVersion: v1
kind: ServiceAccount
metadata: {name: {{ app.sa }}, namespace: {{ app.ns }}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: {{ app.sa }}}
rules:
- {apiGroups: [""], resources: [{{ resource }}], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers, namespace: {{ app.ns }}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {{ app.sa }}}
subjects:
- {kind: ServiceAccount, name: {{ app.sa }}, namespace: {{ app.ns }}}
EOF
kubectl apply -f all.yaml
kubectl patch deployment {{ app.deploy }} -n {{ app.ns }} -p '{"spec":{"template":{"spec":{"serviceAccountName":"{{ app.sa }}"}}}}'
kubectl rollout status deployment {{ app.deploy }} -n {{ app.ns }} --timeout=120s
