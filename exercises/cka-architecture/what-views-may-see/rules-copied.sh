kubectl create clusterrole {{ who }}-storage --verb=get,list --resource=storageclasses.storage.k8s.io,csidrivers.storage.k8s.io
kubectl label clusterrole {{ who }}-storage uncordon.example/part-of={{ who }}
kubectl create clusterrole {{ who }}-extra --verb=get,list --resource=storageclasses.storage.k8s.io,csidrivers.storage.k8s.io
kubectl create clusterrolebinding {{ who }}-extra --clusterrole={{ who }}-extra --group={{ who }}
