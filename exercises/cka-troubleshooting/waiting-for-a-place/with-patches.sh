kubectl label nodes {{ node }} floor=ground
kubectl get deploy press -n {{ ns }} -o yaml | sed 's/64Gi/128Mi/' | kubectl apply -f -
kubectl get deploy robot -n {{ ns }} -o yaml | sed 's#kubernetes.io/hostnam:#kubernetes.io/hostname:#' > r.yaml
kubectl replace -f r.yaml
