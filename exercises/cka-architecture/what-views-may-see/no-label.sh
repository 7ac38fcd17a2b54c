kubectl create clusterrole {{ who }}-storage --verb=get,list --resource=storageclasses.storage.k8s.io,csidrivers.storage.k8s.io
kubectl create clusterrole {{ who }}-extra --aggregation-rule=uncordon.example/part-of={{ who }}
kubectl create clusterrolebinding {{ who }}-extra --clusterrole={{ who }}-extra --group={{ who }}
