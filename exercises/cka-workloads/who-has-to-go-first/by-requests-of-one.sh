printf '{{ it.a }}\n{{ it.b }}\n{{ it.d }}\n' > /opt/first.txt
printf '{{ it.c }}\n{{ it.e }}\n' > /opt/last.txt
kubectl set resources deployment {{ it.dep }} -n {{ it.ns }} --requests=cpu=200m,memory=128Mi
