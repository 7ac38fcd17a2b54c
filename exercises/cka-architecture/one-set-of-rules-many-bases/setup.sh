mkdir -p /opt/kustomize/base
cat > /opt/kustomize/base/app.yaml <<EOF
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ app }}}
spec:
  replicas: 1
  selector: {matchLabels: {app: {{ app }}}}
  template:
    metadata: {labels: {app: {{ app }}}}
    spec: {containers: [{name: main, image: "nginx:1.25"}]}
---
apiVersion: v1
kind: Service
metadata: {name: {{ app }}}
spec: {selector: {app: {{ app }}}, ports: [{port: 80}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ app }}}
data: {greeting: hello}
EOF
printf 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- app.yaml\n' > /opt/kustomize/base/kustomization.yaml
cat /opt/kustomize/base/* | md5sum > /var/tmp/.base
kubectl create namespace {{ prod.ns }}
