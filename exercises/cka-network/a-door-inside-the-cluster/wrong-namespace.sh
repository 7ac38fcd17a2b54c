kubectl create service clusterip {{ svc }} --tcp={{ app.port }}:http
