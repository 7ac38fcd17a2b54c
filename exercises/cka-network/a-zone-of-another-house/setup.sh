kubectl create namespace legacy
kubectl apply -f - <<EOF
apiVersion: v1
kind: ConfigMap
metadata: {name: zones, namespace: legacy}
data:
  Corefile: |
    .:53 {
        errors
        hosts {
            {{ it.address }} {{ it.host }}.{{ it.zone }}
            10.66.66.66 only.legacy.example
        }
    }
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: resolver, namespace: legacy}
spec:
  selector: {matchLabels: {app: resolver}}
  template:
    metadata: {labels: {app: resolver}}
    spec:
      containers:
      - name: coredns
        image: registry.k8s.io/coredns/coredns:v1.12.1
        args: ["-conf", "/etc/coredns/Corefile"]
        ports: [{containerPort: 53, protocol: UDP}]
        volumeMounts: [{name: zones, mountPath: /etc/coredns}]
      volumes: [{name: zones, configMap: {name: zones}}]
---
apiVersion: v1
kind: Service
metadata: {name: resolver, namespace: legacy}
spec:
  selector: {app: resolver}
  ports:
  - {name: dns, port: 53, protocol: UDP}
  - {name: dns-tcp, port: 53, protocol: TCP}
EOF
kubectl rollout status deployment resolver -n legacy --timeout=120s
