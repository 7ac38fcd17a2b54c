kubectl create namespace {{ it.ns }}
kubectl apply -n {{ it.ns }} -f - <<EOF
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ it.front }}-settings}
data: {BACKEND: "{{ it.typo }}:{{ port }}"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ it.back }}}
spec:
  replicas: 2
  selector: {matchLabels: {app: {{ it.back }}}}
  template:
    metadata: {labels: {app: {{ it.back }}}}
    spec:
      containers:
      - {name: main, image: "nginx:1.27", ports: [{name: web, containerPort: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ it.front }}}
spec:
  replicas: 2
  selector: {matchLabels: {app: {{ it.front }}}}
  template:
    metadata: {labels: {app: {{ it.front }}, role: front}}
    spec:
      terminationGracePeriodSeconds: 2
      containers:
      - name: main
        image: nginx:1.27
        envFrom: [{configMapRef: {name: {{ it.front }}-settings}}]
        readinessProbe: {exec: {command: [sh, -c, "curl -sf --max-time 2 http://\$BACKEND/"]}, timeoutSeconds: 3, periodSeconds: 5}
---
apiVersion: v1
kind: Service
metadata: {name: {{ it.back }}}
spec:
  selector: {app: {{ it.back }}}
  ports: [{port: {{ port }}, targetPort: {{ port }}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: {{ it.back }}-guard}
spec:
  podSelector: {matchLabels: {app: {{ it.back }}}}
  policyTypes: [Ingress]
  ingress:
  - from: [{podSelector: {matchLabels: {role: frontend}}}]
    ports: [{port: 80}]
EOF
sleep 20
kubectl get deploy {{ it.front }} {{ it.back }} -n {{ it.ns }} -o json | jq -cS '[.items[].spec | .template.spec | {containers, volumes}]' | md5sum > /var/tmp/.templates
