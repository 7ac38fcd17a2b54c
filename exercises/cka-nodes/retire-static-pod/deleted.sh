kubectl delete pod {{ name }}-{{ node }} --force
ssh {{ node }} "cp /etc/kubernetes/manifests/{{ file }} /opt/{{ name }}.yaml"
sleep 30
