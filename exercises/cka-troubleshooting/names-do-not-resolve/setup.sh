kubectl create namespace {{ ns }}
kubectl run client -n {{ ns }} --image=busybox:1.36 --port=80 --expose --command -- sleep infinity
kubectl wait --for=condition=Ready pod/client -n {{ ns }} --timeout=120s
case {{ fault.how }} in
scaled) kubectl scale deployment coredns -n kube-system --replicas=0;;
corefile) kubectl get cm coredns -n kube-system -o yaml | sed 's/kubernetes cluster.local/kubernets cluster.local/' | kubectl apply -f -
 kubectl rollout restart deployment coredns -n kube-system; kubectl delete pods -n kube-system -l k8s-app=kube-dns;;
selector) kubectl set selector service kube-dns -n kube-system k8s-app=core-dns;;
esac
sleep 60
