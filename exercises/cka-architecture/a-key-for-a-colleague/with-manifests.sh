kubectl create -f - <<EOF
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: {{ user.name }}}
spec:
  request: $(cat /opt/keys/{{ user.name }}.csr | base64 | tr -d '\n')
  signerName: kubernetes.io/kube-apiserver-client
  expirationSeconds: 604800
  usages: [digital signature, key encipherment, client auth]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: {{ user.name }}, namespace: {{ ns }}}
rules: [{apiGroups: [""], resources: [pods], verbs: [list, get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: {{ user.name }}, namespace: {{ ns }}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ user.name }}}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: {{ user.name }}}]
EOF
kubectl certificate approve {{ user.name }}
sleep 5
kubectl get csr {{ user.name }} -o json | jq -r .status.certificate | base64 -d > /opt/keys/{{ user.name }}.crt
