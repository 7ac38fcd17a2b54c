kubectl patch daemonset {{ guard }} -n guard --type=json -p '[{"op":"add","path":"/spec/template/spec/tolerations","value":[{"key":"{{ taint.key }}","operator":"Equal","value":"{{ taint.value }}","effect":"NoExecute"}]}]'
kubectl rollout status daemonset {{ guard }} -n guard --timeout=120s
kubectl taint node {{ node }} {{ taint.key }}={{ taint.value }}:NoExecute
