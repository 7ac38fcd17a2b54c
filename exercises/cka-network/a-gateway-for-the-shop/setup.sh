kubectl create namespace {{ it.ns }}
for n in {{ it.ui }}:80 {{ it.api }}:8080; do
name=${n%:*}
kubectl create deployment $name -n {{ it.ns }} --image=hashicorp/http-echo:1.0 -- /http-echo "-text=this is $name" -listen=:5678
kubectl expose deployment $name -n {{ it.ns }} --port=${n#*:} --target-port=5678
done
sleep 15
