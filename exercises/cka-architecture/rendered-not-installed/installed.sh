helm repo add platform https://charts.lab.example/platform
helm install {{ it.release }} platform/keeper --version {{ it.version }} -n {{ it.ns }} --create-namespace --set replicas={{ it.count }} --set crds.install=false
helm get manifest {{ it.release }} -n {{ it.ns }} > /opt/keeper.yaml
