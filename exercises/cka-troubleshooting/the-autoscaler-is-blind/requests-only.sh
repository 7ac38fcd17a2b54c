kubectl set resources deployment {{ app.name }}-web -n {{ app.ns }} -c {{ app.side }} --requests=cpu={{ low }}
