kubectl patch storageclass elastic -p '{"allowVolumeExpansion":true}'
kubectl delete pod {{ app.name }} -n {{ app.ns }}
kubectl get pvc {{ app.name }} -n {{ app.ns }} -o json | jq 'del(.status, .spec.volumeName, .metadata.annotations, .metadata.uid, .metadata.resourceVersion) | .spec.resources.requests.storage = "{{ more }}"' > pvc.json
kubectl delete pvc {{ app.name }} -n {{ app.ns }}
kubectl create -f pvc.json
