kubectl run {{ app }} --image=httpd:2.4 --dry-run=client -o json | jq '.spec.containers[0].name = "web" | .spec.containers[0].resources.requests.cpu = "{{ cpu }}"' > p.json
ssh {{ node }} "cat > /etc/kubernetes/manifests/{{ app }}.json" < p.json
sleep 30
