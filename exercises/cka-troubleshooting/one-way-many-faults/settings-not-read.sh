kubectl patch configmap {{ it.front }}-settings -n {{ it.ns }} -p '{"data":{"BACKEND":"{{ it.back }}:{{ port }}"}}'
kubectl patch service {{ it.back }} -n {{ it.ns }} --type=json -p '[{"op":"replace","path":"/spec/ports/0/targetPort","value":80}]'
kubectl patch networkpolicy {{ it.back }}-guard -n {{ it.ns }} --type=json -p '[{"op":"replace","path":"/spec/ingress/0/from/0/podSelector/matchLabels/role","value":"front"}]'
sleep 30
