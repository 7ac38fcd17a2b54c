ssh {{ node }} "mv /etc/kubernetes/manifests/{{ file }} /opt/{{ name }}.yaml"
sleep 30
