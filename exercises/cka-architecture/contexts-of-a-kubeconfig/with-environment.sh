export KUBECONFIG=/opt/kube/many.conf
kubectl config get-contexts --no-headers | tr -d '*' | awk '{print $1}' > /opt/kube/contexts.txt
kubectl config current-context > /opt/kube/current.txt
grep -A3 'name: {{ user }}$' /opt/kube/many.conf | grep client-certificate-data | awk '{print $2}' | base64 -d > /opt/kube/{{ user }}.crt
kubectl config set-context {{ user }}-{{ ns }} --cluster=kubernetes --user={{ user }} --namespace={{ ns }}
kubectl config use-context {{ user }}-{{ ns }}
