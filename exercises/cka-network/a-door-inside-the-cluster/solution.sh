kubectl expose deployment {{ app.name }} -n {{ app.ns }} --name={{ svc }} --port={{ app.port }} --target-port=http
