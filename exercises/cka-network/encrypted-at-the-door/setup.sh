kubectl create namespace {{ app.ns }}
kubectl create deployment {{ app.svc }} -n {{ app.ns }} --image=hashicorp/http-echo:1.0 -- /http-echo "-text=this is {{ app.svc }}" -listen=:5678
kubectl expose deployment {{ app.svc }} -n {{ app.ns }} --port=80 --target-port=5678
kubectl create ingress {{ app.svc }} -n {{ app.ns }} --class=nginx --rule="{{ app.host }}/*={{ app.svc }}:80"
mkdir -p /opt/tls
cd /opt/tls
openssl req -x509 -newkey rsa:2048 -nodes -keyout /var/tmp/.ca.key -out ca.crt -days 365 -subj "/CN=lab CA" 2>/dev/null
openssl req -newkey rsa:2048 -nodes -keyout {{ app.host }}.key -out /var/tmp/.csr -subj "/CN={{ app.host }}" -addext "subjectAltName=DNS:{{ app.host }}" 2>/dev/null
printf 'subjectAltName=DNS:{{ app.host }}\n' > /var/tmp/.ext
openssl x509 -req -in /var/tmp/.csr -CA ca.crt -CAkey /var/tmp/.ca.key -CAcreateserial -out {{ app.host }}.crt -days 90 -extfile /var/tmp/.ext 2>/dev/null
cp ca.crt /var/tmp/.ca.crt
ls
test -s {{ app.host }}.crt
