printf '{{ it.a }}\n{{ it.d }}\n' > /root/first.txt
printf '{{ it.c }}\n{{ it.e }}\n' > /root/last.txt
kubectl set resources deployment {{ it.dep }} -n {{ it.ns }} --requests=cpu=200m
