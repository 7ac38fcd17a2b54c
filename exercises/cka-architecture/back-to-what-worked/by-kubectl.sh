kubectl set image -n {{ it.ns }} deploy/{{ it.release }}-site site=nginx:1.28.0
kubectl scale -n {{ it.ns }} deploy/{{ it.release }}-site --replicas={{ it.replicas }}
helm history {{ it.release }} -n {{ it.ns }} > /opt/history.txt
