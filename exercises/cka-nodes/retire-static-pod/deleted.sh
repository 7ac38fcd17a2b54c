kubectl delete pod {{ name }}-{{ node }} --force
ssh {{ node }} "cp /etc/kubernetes/manifests/{{ file }} /root/{{ name }}.yaml"
sleep 30
