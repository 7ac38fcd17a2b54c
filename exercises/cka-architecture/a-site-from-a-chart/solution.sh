helm repo add lab https://charts.lab.example/apps
helm repo update
helm search repo lab/site --versions
helm install {{ site.release }} lab/site --version {{ site.version }} -n {{ site.ns }} --create-namespace --set replicaCount={{ site.replicas }} --set page.title={{ site.title }}
echo {{ site.app }} > /opt/app-version.txt
