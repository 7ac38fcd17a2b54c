kubectl get networkpolicy {{ it.back }}-guard -n {{ it.ns }} -o yaml | sed 's/role: frontend/app: {{ it.front }}/' > np.yaml
kubectl apply -f np.yaml
kubectl get svc {{ it.back }} -n {{ it.ns }} -o json | jq '.spec.ports[0].targetPort = "web"' | kubectl replace -f -
kubectl create configmap {{ it.front }}-settings -n {{ it.ns }} --from-literal=BACKEND={{ it.back }}.{{ it.ns }}.svc.cluster.local:{{ port }} --dry-run=client -o yaml | kubectl apply -f -
kubectl delete pods -n {{ it.ns }} -l app={{ it.front }}
sleep 40
