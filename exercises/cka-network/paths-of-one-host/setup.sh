kubectl create namespace {{ app.ns }}
for n in {{ app.a }}:80 {{ app.b }}:8080; do
name=${n%:*}
kubectl create deployment $name -n {{ app.ns }} --image=hashicorp/http-echo:1.0 -- /http-echo "-text=this is $name" -listen=:5678
kubectl expose deployment $name -n {{ app.ns }} --port=${n#*:} --target-port=5678
done
