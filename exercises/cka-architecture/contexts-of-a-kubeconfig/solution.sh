kubectl config get-contexts -o name --kubeconfig /opt/kube/many.conf > /opt/kube/contexts.txt
kubectl config current-context --kubeconfig /opt/kube/many.conf > /opt/kube/current.txt
kubectl config view --raw --kubeconfig /opt/kube/many.conf -o jsonpath='{.users[?(@.name=="{{ user }}")].user.client-certificate-data}' | base64 -d > /opt/kube/{{ user }}.crt
kubectl config set-context {{ user }}-{{ ns }} --cluster=kubernetes --user={{ user }} --namespace={{ ns }} --kubeconfig /opt/kube/many.conf
kubectl config use-context {{ user }}-{{ ns }} --kubeconfig /opt/kube/many.conf
