helm repo add lab https://charts.lab.example/apps
helm install {{ site.release }} lab/site --version {{ site.version }} --set replicaCount={{ site.replicas }} --set page.title={{ site.title }}
echo {{ site.app }} > /opt/app-version.txt
