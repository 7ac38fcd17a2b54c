kubectl create sa {{ app.name }} -n {{ app.ns }}
kubectl run {{ app.name }} -n {{ app.ns }} --image=nginx:1.27 --dry-run=client -o json | jq '.spec += {serviceAccountName: "{{ app.name }}", volumes: [{name: "t", projected: {sources: [{serviceAccountToken: {path: "token", audience: "{{ app.audience }}", expirationSeconds: {{ life }} }}]}}]} | .spec.containers[0].volumeMounts = [{name: "t", mountPath: "/var/run/tokens", readOnly: true}]' | kubectl create -f -
sleep 20
