kubectl get pods --all-namespaces --selector {{ it.label }} --output custom-columns='NAMESPACE:{.metadata.namespace},POD:{.metadata.name},NODE:{.spec.nodeName}' > /opt/pods.txt
kubectl get pv --sort-by='{.spec.capacity.storage}' -o name | cut -d/ -f2 > /opt/volumes.txt
kubectl get pods -n {{ it.ns }} -o json | jq -r '[.items[].spec | (.containers + (.initContainers // []))[] | .image] | unique | .[]' > /opt/images.txt
cat > /opt/newest.sh <<'EOF'
#!/bin/bash
kubectl get pods -A --sort-by='{.metadata.creationTimestamp}' -o wide
EOF
chmod 755 /opt/newest.sh
