ssh {{ node }} "cp /etc/kubernetes/manifests/{{ file }} /root/{{ name }}.yaml; rm /etc/kubernetes/manifests/{{ file }}"
sleep 30
