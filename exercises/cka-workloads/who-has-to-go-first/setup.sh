kubectl create namespace {{ it.ns }}
kubectl apply -n {{ it.ns }} -f - <<EOF
apiVersion: v1
kind: Pod
metadata: {name: {{ it.a }}}
spec: {containers: [{name: main, image: "nginx:1.27"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: {{ it.b }}}
spec: {containers: [{name: main, image: "nginx:1.27", resources: {requests: {cpu: 50m, memory: 32Mi}, limits: {cpu: 50m, memory: 32Mi}}}, {name: side, image: "busybox:1.36", command: [sleep, infinity]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: {{ it.c }}}
spec: {containers: [{name: main, image: "nginx:1.27", resources: {requests: {cpu: 50m, memory: 32Mi}, limits: {cpu: "0.05", memory: 32Mi}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: {{ it.d }}}
spec: {containers: [{name: main, image: "nginx:1.27"}, {name: side, image: "busybox:1.36", command: [sleep, infinity]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: {{ it.e }}}
spec: {containers: [{name: main, image: "nginx:1.27", resources: {limits: {cpu: 50m, memory: 64Mi}}}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ it.dep }}}
spec:
  replicas: 2
  selector: {matchLabels: {app: {{ it.dep }}}}
  template:
    metadata: {labels: {app: {{ it.dep }}}}
    spec: {containers: [{name: main, image: "nginx:1.27", resources: {requests: {cpu: 50m, memory: 32Mi}, limits: {cpu: 200m, memory: 128Mi}}}]}
EOF
