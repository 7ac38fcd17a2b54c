t={{ alias.target }}
kubectl create namespace ${t#*.}
kubectl create deployment ${t%.*} -n ${t#*.} --image=nginx:1.27
kubectl expose deployment ${t%.*} -n ${t#*.} --port=80
