kubectl get rs -n {{ app.ns }} -o json | jq '.items[] | select(.spec.template.spec.containers[0].image == "nginx:{{ good.tag }}")' > rs.json
jq -r '.metadata.annotations["deployment.kubernetes.io/revision"]' rs.json > /opt/answers/revision.txt
release=$(jq -r .spec.template.metadata.labels.release rs.json)
kubectl patch deployment {{ app.name }} -n {{ app.ns }} -p '{"spec":{"template":{"metadata":{"labels":{"release":"'$release'"}},"spec":{"containers":[{"name":"main","image":"nginx:{{ good.tag }}"}]}}}}'
