helm rollback {{ it.release }} 2 -n {{ it.ns }}
helm upgrade {{ it.release }} lab/site --version 1.4.2 -n {{ it.ns }} --set replicaCount={{ it.replicas }}
helm history {{ it.release }} -n {{ it.ns }} > /opt/history.txt
