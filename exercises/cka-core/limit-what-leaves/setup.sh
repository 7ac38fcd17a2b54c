kubectl create namespace {{ ns }}
kubectl run {{ dep }} -n {{ ns }} --image=nginx:1.27 --labels=app={{ dep }} --port=80 --expose
kubectl run other -n {{ ns }} --image=nginx:1.27 --labels=app=other --port=80 --expose
kubectl run crawler -n {{ ns }} --image=busybox:1.36 --labels=app=crawler --command -- sleep infinity
kubectl create namespace decoy
kubectl run decoy -n decoy --image=registry.k8s.io/e2e-test-images/agnhost:2.53 --labels=k8s-app=kube-dns -- netexec --http-port=53
