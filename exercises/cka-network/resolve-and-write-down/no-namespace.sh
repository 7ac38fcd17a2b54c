kubectl expose pod {{ app.name }} -n {{ app.ns }} --port=80
kubectl get service {{ app.name }} -n {{ app.ns }} -o jsonpath='{.spec.clusterIP}' > /opt/answers/service.txt
ip=$(kubectl get pod {{ app.name }} -n {{ app.ns }} -o jsonpath='{.status.podIP}')
echo "$(echo $ip | tr . -).pod.cluster.local" > /opt/answers/pod.txt
