helm install keeper keeper --repo https://charts.lab.example/platform -n {{ it.ns }} --create-namespace
kubectl get crd -o name | grep keeper.lab.example > /opt/crds.txt
kubectl explain keep.spec.copies > /opt/copies.txt
printf 'apiVersion: keeper.lab.example/v1\nkind: Keep\nmetadata: {name: {{ it.cr }}}\nspec: {schedule: "{{ it.schedule }}", copies: {{ it.copies }}}\n' | kubectl apply -f -
