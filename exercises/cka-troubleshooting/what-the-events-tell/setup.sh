kubectl create namespace {{ it.ns }}
kubectl create configmap {{ it.b }}-config -n {{ it.ns }} --from-literal=speed=high
kubectl apply -n {{ it.ns }} -f - <<EOF
apiVersion: v1
kind: Pod
metadata: {name: {{ it.a }}}
spec: {containers: [{name: main, image: "nginx:1.27", resources: {requests: {cpu: "40"}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: {{ it.b }}}
spec:
  containers: [{name: main, image: "nginx:1.27", volumeMounts: [{name: conf, mountPath: /conf}]}]
  volumes: [{name: conf, configMap: {name: {{ it.b }}-conf}}]
---
apiVersion: v1
kind: Pod
metadata: {name: {{ it.c }}}
spec: {containers: [{name: main, image: "nginx:1.27", readinessProbe: {httpGet: {path: /ready, port: 80}}}]}
EOF
sleep 60
