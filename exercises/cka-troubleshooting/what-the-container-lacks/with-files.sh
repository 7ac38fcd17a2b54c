kubectl delete configmap {{ app.cm }} -n {{ app.ns }}
kubectl create configmap {{ app.cm }} -n {{ app.ns }} --from-literal={{ app.key }}={{ app.value }}
kubectl apply -f - <<EOF
apiVersion: v1
kind: Secret
metadata: {name: {{ app.name }}-api, namespace: {{ app.ns }}}
stringData: {token: t-{{ app.name }}-7}
EOF
