kubectl patch service {{ it.back }} -n {{ it.ns }} --type=json -p '[{"op":"replace","path":"/spec/ports/0/targetPort","value":80}]'
kubectl patch networkpolicy {{ it.back }}-guard -n {{ it.ns }} --type=json -p '[{"op":"replace","path":"/spec/ingress/0/from/0/podSelector/matchLabels/role","value":"front"}]'
kubectl rollout restart deployment {{ it.front }} -n {{ it.ns }}
sleep 40
