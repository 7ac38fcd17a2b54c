helm repo add lab https://charts.lab.example/apps
helm install {{ site.release }} lab/site -n {{ site.ns }} --create-namespace --set replicaCount={{ site.replicas }} --set page.title={{ site.title }}
helm show chart lab/site | awk '/^appVersion/ {print $2}' > /opt/app-version.txt
