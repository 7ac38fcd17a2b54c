mkdir -p /opt/kustomize/{{ prod.ns }}
cat > /opt/kustomize/{{ prod.ns }}/kustomization.yaml <<EOF
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: ["../base"]
namespace: {{ prod.ns }}
namePrefix: {{ prod.prefix }}
labels:
- pairs: {stage: {{ prod.ns }}}
replicas:
- name: {{ app }}
  count: {{ prod.replicas }}
images:
- name: nginx
  newTag: "1.27"
EOF
kubectl apply -k /opt/kustomize/{{ prod.ns }}
