kubectl autoscale deployment {{ app.name }} -n {{ app.ns }} --min=2 --max={{ most }} --cpu={{ load }}%
kubectl patch hpa {{ app.name }} -n {{ app.ns }} -p '{"spec":{"behavior":{"scaleDown":{"stabilizationWindowSeconds":{{ calm }},"policies":[{"type":"Pods","value":1,"periodSeconds":60}]}}}}'
