kubectl create ingress {{ app.ns }} -n {{ app.ns }} --class=nginx --rule='{{ app.host }}/{{ app.a }}*={{ app.a }}:80' --rule='{{ app.host }}/{{ app.b }}*={{ app.b }}:80'
