pw=$(kubectl get deploy {{ app.name }} -n {{ app.ns }} -o jsonpath='{.spec.template.spec.containers[0].env[0].value}')
kubectl create secret generic {{ app.name }}-db -n {{ app.ns }} --from-literal=username={{ app.user }} --from-literal=password=$pw
kubectl patch deployment {{ app.name }} -n {{ app.ns }} --type=json -p '[
 {"op":"replace","path":"/spec/template/spec/containers/0/env/0","value":{"name":"DB_PASSWORD","valueFrom":{"secretKeyRef":{"name":"{{ app.name }}-db","key":"password"}}}},
 {"op":"add","path":"/spec/template/spec/volumes","value":[{"name":"login","secret":{"secretName":"{{ app.name }}-db"}}]},
 {"op":"add","path":"/spec/template/spec/containers/0/volumeMounts","value":[{"name":"login","mountPath":"{{ mount }}","readOnly":true}]}]'
