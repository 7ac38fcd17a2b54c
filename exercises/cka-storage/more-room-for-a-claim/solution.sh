kubectl patch storageclass elastic -p '{"allowVolumeExpansion":true}'
kubectl patch pvc {{ app.name }} -n {{ app.ns }} -p '{"spec":{"resources":{"requests":{"storage":"{{ more }}"}}}}'
