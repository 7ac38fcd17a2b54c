kubectl autoscale deployment {{ app.name }} -n {{ app.ns }} --min=2 --max={{ most }} --cpu={{ load }}%
