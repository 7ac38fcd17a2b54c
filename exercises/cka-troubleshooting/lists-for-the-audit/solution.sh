kubectl get pods -A -l {{ it.label }} -o custom-columns=NAMESPACE:.metadata.namespace,POD:.metadata.name,NODE:.spec.nodeName > /opt/pods.txt
kubectl get pv --sort-by=.spec.capacity.storage -o custom-columns=N:.metadata.name --no-headers > /opt/volumes.txt
kubectl get pods -n {{ it.ns }} -o jsonpath='{range .items[*]}{range .spec.initContainers[*]}{.image}{"\n"}{end}{range .spec.containers[*]}{.image}{"\n"}{end}{end}' | sort -u > /opt/images.txt
echo 'kubectl get pods -A --sort-by=.metadata.creationTimestamp' > /opt/newest.sh
chmod +x /opt/newest.sh
