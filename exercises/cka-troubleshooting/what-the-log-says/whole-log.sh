echo worker-c > /opt/answers/pod.txt
kubectl logs worker-c -n {{ ns }} -c main > /opt/answers/lines.txt
