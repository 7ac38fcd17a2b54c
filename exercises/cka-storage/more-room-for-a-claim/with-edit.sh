kubectl get sc elastic -o yaml > sc.yaml
echo 'allowVolumeExpansion: true' >> sc.yaml
kubectl replace -f sc.yaml
kubectl get pvc {{ app.name }} -n {{ app.ns }} -o json | jq '.spec.resources.requests.storage = "{{ more }}"' | kubectl apply -f -
