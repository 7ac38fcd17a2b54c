kubectl get pvc {{ app.name }} -n {{ app.ns }} -o json | jq '{apiVersion, kind, metadata: {name: .metadata.name, namespace: .metadata.namespace}, spec} | .spec.accessModes = ["ReadWriteMany"] | .spec.resources.requests.storage = "500Mi"' > pvc.json
kubectl get pod {{ app.name }} -n {{ app.ns }} -o json > pod.json
kubectl delete pod,pvc {{ app.name }} -n {{ app.ns }}
kubectl create -f pvc.json
kubectl replace --force -f pod.json
