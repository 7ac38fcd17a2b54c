kubectl get pods -n {{ it.ns }} -o custom-columns=N:.metadata.name,Q:.status.qosClass --no-headers > /tmp/qos
awk '$2 == "BestEffort" {print $1}' /tmp/qos > /opt/first.txt
awk '$2 == "Guaranteed" {print $1}' /tmp/qos > /opt/last.txt
kubectl set resources deployment {{ it.dep }} -n {{ it.ns }} --requests=cpu=200m,memory=128Mi --limits=cpu=200m,memory=128Mi
kubectl rollout status deployment {{ it.dep }} -n {{ it.ns }}
