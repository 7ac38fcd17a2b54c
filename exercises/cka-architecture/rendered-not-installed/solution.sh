helm repo add platform https://charts.lab.example/platform
helm template {{ it.release }} platform/keeper --version {{ it.version }} -n {{ it.ns }} --set replicas={{ it.count }} --set crds.install=false > /opt/keeper.yaml
