kubectl get daemonset {{ guard }} -n guard -o json | jq '.spec.template.spec.tolerations = [{"key": "{{ taint.key }}", "operator": "Exists"}]' | kubectl apply -f -
kubectl rollout status daemonset {{ guard }} -n guard --timeout=120s
kubectl taint node {{ node }} {{ taint.key }}={{ taint.value }}:NoExecute
