kubectl set env deployment/{{ app.name }} -n {{ app.ns }} POSTGRES_PASSWORD={{ pw }}
