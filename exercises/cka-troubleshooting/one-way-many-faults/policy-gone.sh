kubectl patch configmap {{ it.front }}-settings -n {{ it.ns }} -p '{"data":{"BACKEND":"{{ it.back }}:{{ port }}"}}'
kubectl patch service {{ it.back }} -n {{ it.ns }} --type=json -p '[{"op":"replace","path":"/spec/ports/0/targetPort","value":80}]'
kubectl delete networkpolicy {{ it.back }}-guard -n {{ it.ns }}
kubectl rollout restart deployment {{ it.front }} -n {{ it.ns }}
sleep 40
