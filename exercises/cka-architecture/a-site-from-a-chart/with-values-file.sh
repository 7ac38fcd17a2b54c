helm repo add lab https://charts.lab.example/apps
cat > /root/values.yaml <<EOF
replicaCount: {{ site.replicas }}
page: {title: {{ site.title }}}
EOF
kubectl create namespace {{ site.ns }}
helm upgrade --install {{ site.release }} lab/site --version {{ site.version }} -n {{ site.ns }} -f /root/values.yaml
helm show chart lab/site --version {{ site.version }} | grep ^appVersion > /root/app-version.txt
