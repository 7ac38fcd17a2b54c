kubectl run {{ name }} --image={{ image }} --port=80 --dry-run=client -o yaml > /etc/kubernetes/manifests/web.yaml
sleep 40
