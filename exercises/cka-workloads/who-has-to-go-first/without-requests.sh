kubectl get pods -n {{ it.ns }} -o jsonpath='{range .items[?(@.status.qosClass=="BestEffort")]}{.metadata.name}{"\n"}{end}' > /opt/first.txt
kubectl get pods -n {{ it.ns }} -o json | jq -r '.items[] | select(.status.qosClass == "Guaranteed") | .metadata.name' > /opt/last.txt
kubectl patch deployment {{ it.dep }} -n {{ it.ns }} --type=json -p '[{"op":"remove","path":"/spec/template/spec/containers/0/resources/requests"}]'
kubectl rollout status deployment {{ it.dep }} -n {{ it.ns }}
