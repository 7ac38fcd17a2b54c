mkdir -p /opt/kustomize/{{ prod.ns }} && cd /opt/kustomize/{{ prod.ns }}
cat > kustomization.yaml <<EOF
resources: [../base]
namespace: {{ prod.ns }}
namePrefix: {{ prod.prefix }}
commonLabels: {stage: {{ prod.ns }}}
patches:
- target: {kind: Deployment, name: {{ app }}}
  patch: |-
    - {op: replace, path: /spec/replicas, value: {{ prod.replicas }}}
    - {op: replace, path: /spec/template/spec/containers/0/image, value: "nginx:1.27"}
EOF
kubectl kustomize . > all.out
kubectl apply -f all.out
