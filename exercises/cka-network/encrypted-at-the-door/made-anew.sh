cat > secret.yaml <<EOF
apiVersion: v1
kind: Secret
metadata: {name: {{ app.svc }}-tls, namespace: {{ app.ns }}}
type: kubernetes.io/tls
data:
  tls.crt: $(base64 -w0 < /opt/tls/{{ app.host }}.crt)
  tls.key: $(base64 -w0 < /opt/tls/{{ app.host }}.key)
EOF
kubectl apply -f secret.yaml
kubectl delete ingress {{ app.svc }} -n {{ app.ns }}
kubectl create ingress {{ app.svc }} -n {{ app.ns }} --class=nginx --rule="{{ app.host }}/*={{ app.svc }}:80,tls={{ app.svc }}-tls"
sleep 5
