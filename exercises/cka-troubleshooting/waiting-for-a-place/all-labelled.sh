kubectl get events -n {{ ns }} --field-selector reason=FailedScheduling
kubectl set resources deployment press -n {{ ns }} --requests=memory=128Mi
kubectl label nodes --all floor=ground
kubectl patch deployment robot -n {{ ns }} --type=json -p '[{"op":"replace","path":"/spec/template/spec/nodeSelector","value":{"kubernetes.io/hostname":"{{ node }}"}}]'
