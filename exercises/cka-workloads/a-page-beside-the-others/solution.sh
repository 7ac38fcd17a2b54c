kubectl create configmap {{ app.name }}-pages -n {{ app.ns }} --from-literal={{ app.file }}="{{ app.text }}"
kubectl patch configmap {{ app.name }}-pages -n {{ app.ns }} -p '{"immutable":true}'
kubectl patch deployment {{ app.name }} -n {{ app.ns }} -p '{"spec":{"template":{"spec":{"volumes":[{"name":"pages","configMap":{"name":"{{ app.name }}-pages"}}],"containers":[{"name":"nginx","volumeMounts":[{"name":"pages","mountPath":"/usr/share/nginx/html/{{ app.file }}","subPath":"{{ app.file }}"}]}]}}}}'
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }}
