kubectl top pod -A --sort-by=cpu --no-headers | head -1 | awk '{print $2}' > /opt/busiest-pod.txt
kubectl top pod -A -l {{ it.label }} --sort-by=memory --no-headers | head -1 | awk '{print $2}' > /opt/biggest-pod.txt
kubectl scale deployment {{ big }} -n {{ it.one }} --replicas=0
