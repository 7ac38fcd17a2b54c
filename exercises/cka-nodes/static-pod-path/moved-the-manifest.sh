ssh {{ node }} "mkdir -p {{ wrong }}; cp /etc/kubernetes/manifests/{{ name }}.yaml {{ wrong }}/"
sleep 40
