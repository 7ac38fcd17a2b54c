kubectl top pod -A --selector={{ it.label }} --no-headers | sort -k3 -n -r | awk 'NR==1 {print $2}' > /opt/busiest-pod.txt
kubectl top pod -A --selector={{ it.label }} --no-headers | sort -k4 -n -r | awk 'NR==1 {print $2}' > /opt/biggest-pod.txt
kubectl patch deployment {{ big }} -n {{ it.one }} -p '{"spec":{"replicas":0}}'
