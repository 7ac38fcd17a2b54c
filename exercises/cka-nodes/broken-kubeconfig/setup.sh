mkdir -p $(dirname {{ file }})
sed 's/kubernetes-admin@kubernetes/team/; s#{{ fault.from }}#{{ fault.to }}#' /etc/kubernetes/admin.conf > {{ file }}
kubectl --kubeconfig {{ file }} config rename-context kubernetes-admin@kubernetes team >/dev/null 2>&1
kubectl --kubeconfig {{ file }} config use-context team >/dev/null 2>&1
