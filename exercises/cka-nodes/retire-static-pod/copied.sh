ssh {{ node }} "cp /etc/kubernetes/manifests/{{ file }} /opt/{{ name }}.yaml; rm /etc/kubernetes/manifests/{{ file }}"
sleep 30
