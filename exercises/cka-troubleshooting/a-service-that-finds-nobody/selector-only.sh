kubectl set selector service {{ app.name }} -n {{ app.ns }} app={{ app.label }}
