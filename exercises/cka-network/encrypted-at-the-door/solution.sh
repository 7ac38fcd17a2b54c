kubectl create secret tls {{ app.svc }}-tls -n {{ app.ns }} --cert=/root/tls/{{ app.host }}.crt --key=/root/tls/{{ app.host }}.key
kubectl patch ingress {{ app.svc }} -n {{ app.ns }} -p '{"spec":{"tls":[{"hosts":["{{ app.host }}"],"secretName":"{{ app.svc }}-tls"}]}}'
sleep 5
