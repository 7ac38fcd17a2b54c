helm pull keeper --repo https://charts.lab.example/platform --version {{ it.version }} --untar
cat > v.yaml <<EOF
replicas: {{ it.count }}
crds: {install: false}
EOF
helm template {{ it.release }} ./keeper --namespace {{ it.ns }} -f v.yaml > /opt/keeper.yaml
