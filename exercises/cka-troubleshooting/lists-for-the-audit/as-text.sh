kubectl get pods -A -l {{ it.label }} -o custom-columns=NAMESPACE:.metadata.namespace,POD:.metadata.name,NODE:.spec.nodeName > /root/pods.txt
kubectl get pv -o jsonpath='{range .items[*]}{.spec.capacity.storage} {.metadata.name}{"\n"}{end}' | sort | cut -d' ' -f2 > /root/volumes.txt
kubectl get pods -n {{ it.ns }} -o jsonpath='{range .items[*]}{range .spec.containers[*]}{.image}{"\n"}{end}{end}' | sort -u > /root/images.txt
echo 'kubectl get pods -A --sort-by=.metadata.creationTimestamp' > /root/newest.sh
chmod +x /root/newest.sh
