helm repo add lab https://charts.lab.example/apps
helm install {{ it.release }} lab/site --version 1.4.1 -n {{ it.ns }} --create-namespace
helm upgrade {{ it.release }} lab/site --version 1.4.2 -n {{ it.ns }} --set replicaCount=2,page.title='Keep me'
sleep 10
helm upgrade {{ it.release }} lab/site --version 1.4.2 -n {{ it.ns }} --reuse-values --set image.tag={{ it.tag }}
sleep 30
