helm repo add lab https://charts.lab.example/apps
cat > /opt/values.yaml <<EOF
replicaCount: {{ site.replicas }}
page: {title: {{ site.title }}}
EOF
kubectl create namespace {{ site.ns }}
helm upgrade --install {{ site.release }} lab/site --version {{ site.version }} -n {{ site.ns }} -f /opt/values.yaml
helm show chart lab/site --version {{ site.version }} | grep ^appVersion > /opt/app-version.txt
