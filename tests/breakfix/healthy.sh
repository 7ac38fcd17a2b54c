test "$(kubectl get nodes --no-headers | grep -c ' Ready ')" = 3 || return 1
test "$(kubectl -n kube-system get pods --no-headers | grep -vc ' Running ')" = 0 || return 1
kubectl create deployment healthy-check --image=nginx:1.27 --replicas=3 >/dev/null || return 1
kubectl expose deployment healthy-check --port=80 >/dev/null || return 1
kubectl run healthy-client --image=busybox:1.36 --restart=Never -- sleep 1d >/dev/null || return 1
kubectl wait --for=condition=Ready pod/healthy-client --timeout=60s >/dev/null || return 1
kubectl rollout status deployment/healthy-check --timeout=60s >/dev/null || return 1
sleep 3
kubectl exec healthy-client -- wget -qO- -T 3 http://healthy-check >/dev/null || return 1
