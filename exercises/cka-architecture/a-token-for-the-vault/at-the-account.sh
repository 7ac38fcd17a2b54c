kubectl create sa {{ app.name }} -n {{ app.ns }}
kubectl patch sa {{ app.name }} -n {{ app.ns }} -p '{"automountServiceAccountToken":false}'
kubectl run {{ app.name }} -n {{ app.ns }} --image=nginx:1.27 --dry-run=client -o json | jq '.spec += {serviceAccountName: "{{ app.name }}", volumes: [{name: "t", projected: {defaultMode: 256, sources: [{serviceAccountToken: {path: "token", audience: "{{ app.audience }}", expirationSeconds: {{ life }} }}]}}]} | .spec.containers[0].volumeMounts = [{name: "t", mountPath: "/var/run/tokens", readOnly: true}]' | kubectl create -f -
sleep 20
