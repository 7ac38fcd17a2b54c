kubectl set env deployment/{{ app.name }} -n {{ app.ns }} --from=secret/{{ app.name }} --prefix=POSTGRES_
