kubectl patch pv {{ app.pv }} -p '{"spec":{"capacity":{"storage":"2Gi"},"accessModes":["ReadWriteOnce","ReadWriteMany"]}}'
sleep 30
