kubectl create namespace {{ it.ns }}
for n in {{ it.web }} api; do
kubectl create deployment $n -n {{ it.ns }} --image=hashicorp/http-echo:1.0 -- /http-echo "-text=this is $n" -listen=:5678
kubectl expose deployment $n -n {{ it.ns }} --port=80 --target-port=5678
done
openssl req -x509 -newkey rsa:2048 -nodes -keyout /tmp/k.pem -out /tmp/c.pem -days 90 -subj /CN={{ it.host }} 2>/dev/null
kubectl create secret tls {{ it.web }}-tls -n {{ it.ns }} --cert=/tmp/c.pem --key=/tmp/k.pem
rm -f /tmp/k.pem /tmp/c.pem
kubectl create ingress {{ it.web }} -n {{ it.ns }} --class=nginx --rule='{{ it.host }}/*={{ it.web }}:80,tls={{ it.web }}-tls' --rule='{{ it.host }}/api*=api:80'
sleep 15
