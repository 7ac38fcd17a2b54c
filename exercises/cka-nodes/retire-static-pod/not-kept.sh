ssh {{ node }} "rm /etc/kubernetes/manifests/{{ file }}"
sleep 30
