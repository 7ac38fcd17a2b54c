kubectl create secret generic {{ app.svc }}-tls -n {{ app.ns }} --from-file=/opt/tls/{{ app.host }}.crt --from-file=/opt/tls/{{ app.host }}.key
kubectl patch ingress {{ app.svc }} -n {{ app.ns }} -p '{"spec":{"tls":[{"hosts":["{{ app.host }}"],"secretName":"{{ app.svc }}-tls"}]}}'
sleep 5
