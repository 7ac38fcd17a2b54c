helm repo add p https://charts.lab.example/platform
helm upgrade -i keeper p/keeper -n {{ it.ns }} --create-namespace --wait
printf '%s\n' customresourcedefinition.apiextensions.k8s.io/keeps.keeper.lab.example customresourcedefinition.apiextensions.k8s.io/keeppolicies.keeper.lab.example > /opt/crds.txt
kubectl explain keeps.spec.copies > /opt/copies.txt
echo '{"apiVersion": "keeper.lab.example/v1", "kind": "Keep", "metadata": {"name": "{{ it.cr }}"}, "spec": {"schedule": "{{ it.schedule }}", "copies": {{ it.copies }} } }' | kubectl create -n {{ it.ns }} -f -
