kubectl create sa {{ app.name }} -n {{ app.ns }}
kubectl create secret generic t -n {{ app.ns }} --from-literal=token=$(kubectl create token {{ app.name }} -n {{ app.ns }} --duration={{ life }}s)
kubectl run {{ app.name }} -n {{ app.ns }} --image=nginx:1.27 --dry-run=client -o json | jq '.spec += {serviceAccountName: "{{ app.name }}", automountServiceAccountToken: false, volumes: [{name: "t", secret: {secretName: "t"}}]} | .spec.containers[0].volumeMounts = [{name: "t", mountPath: "/var/run/tokens"}]' | kubectl create -f -
sleep 20
