f=/etc/kubernetes/manifests/kube-scheduler.yaml
mv $f /root/s.yaml
sed -e 's#{{ fault.to }}#{{ fault.from | replace("$", "") }}#' /root/s.yaml > /root/new.yaml
sleep 20
cp /root/new.yaml $f
sleep 60
