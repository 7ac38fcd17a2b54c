ssh {{ node }} "mv /etc/kubernetes/manifests/{{ file }} /root/{{ name }}.yaml"
sleep 30
