helm rollback {{ it.release }} 2 -n {{ it.ns }}
helm pull lab/site --version 1.4.2 --untar
helm get values {{ it.release }} -n {{ it.ns }} -o yaml > v.yaml
helm upgrade {{ it.release }} ./site -n {{ it.ns }} -f v.yaml --set replicaCount={{ it.replicas }}
helm history {{ it.release }} -n {{ it.ns }} > /opt/history.txt
