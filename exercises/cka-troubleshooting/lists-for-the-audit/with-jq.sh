kubectl get pods --all-namespaces --selector {{ it.label }} --output custom-columns='NAMESPACE:{.metadata.namespace},POD:{.metadata.name},NODE:{.spec.nodeName}' > /root/pods.txt
kubectl get pv --sort-by='{.spec.capacity.storage}' -o name | cut -d/ -f2 > /root/volumes.txt
kubectl get pods -n {{ it.ns }} -o json | jq -r '[.items[].spec | (.containers + (.initContainers // []))[] | .image] | unique | .[]' > /root/images.txt
cat > /root/newest.sh <<'EOF'
#!/bin/bash
kubectl get pods -A --sort-by='{.metadata.creationTimestamp}' -o wide
EOF
chmod 755 /root/newest.sh
