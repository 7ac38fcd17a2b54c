kubectl run {{ name }} --image={{ image }} --port=80 --dry-run=client -o yaml > /tmp/pod.yaml
scp /tmp/pod.yaml {{ node }}:/etc/kubernetes/manifests/web.yaml
sleep 40
