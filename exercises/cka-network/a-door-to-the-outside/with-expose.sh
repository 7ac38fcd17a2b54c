kubectl get deployment {{ app.name }} -n {{ app.ns }} -o json | jq '.spec.template.spec.containers[0].ports = [{"name": "web", "containerPort": 80, "protocol": "TCP"}]' | kubectl replace -f -
kubectl expose deployment {{ app.name }} -n {{ app.ns }} --name={{ app.name }}-public --type=NodePort --port=80
kubectl patch svc {{ app.name }}-public -n {{ app.ns }} -p '{"spec":{"ports":[{"port":80,"nodePort":{{ port }}}]}}'
