kubectl get pods -A -l {{ it.label }} -o custom-columns=NAMESPACE:.metadata.namespace,POD:.metadata.name,NODE:.spec.nodeName > /opt/pods.txt
kubectl get pv -o jsonpath='{range .items[*]}{.spec.capacity.storage} {.metadata.name}{"\n"}{end}' | sort | cut -d' ' -f2 > /opt/volumes.txt
kubectl get pods -n {{ it.ns }} -o jsonpath='{range .items[*]}{range .spec.containers[*]}{.image}{"\n"}{end}{end}' | sort -u > /opt/images.txt
echo 'kubectl get pods -A --sort-by=.metadata.creationTimestamp' > /opt/newest.sh
chmod +x /opt/newest.sh
