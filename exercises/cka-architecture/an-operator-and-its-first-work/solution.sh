helm install keeper keeper --repo https://charts.lab.example/platform -n {{ it.ns }} --create-namespace
kubectl get crd -o name | grep keeper.lab.example > /opt/crds.txt
kubectl explain keep.spec.copies > /opt/copies.txt
kubectl apply -f - <<EOF
apiVersion: keeper.lab.example/v1
kind: Keep
metadata: {name: {{ it.cr }}, namespace: {{ it.ns }}}
spec:
  schedule: "{{ it.schedule }}"
  copies: {{ it.copies }}
EOF
