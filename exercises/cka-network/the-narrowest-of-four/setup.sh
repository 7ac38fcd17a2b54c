kubectl create namespace {{ it.front }}
kubectl create namespace {{ it.back }}
kubectl run {{ it.client }} -n {{ it.front }} --image=busybox:1.36 --labels=app={{ it.client }} --command -- sleep infinity
kubectl run {{ it.server }} -n {{ it.back }} --image=hashicorp/http-echo:1.0 --labels=app={{ it.server }} -- -text=here -listen=:{{ it.port }}
kubectl apply -f - <<EOF
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: {{ it.back }}}
spec: {podSelector: {}, policyTypes: [Ingress]}
EOF
mkdir -p /opt/policies
policy() { printf 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: %s\n  namespace: {{ it.back }}\nspec:\n  podSelector:\n    matchLabels:\n      app: {{ it.server }}\n  policyTypes:\n  - Ingress\n  ingress:\n  - ports:\n    - port: %s\n    from:\n' $1 $2; }
ns='namespaceSelector:\n        matchLabels:\n          kubernetes.io/metadata.name: {{ it.front }}\n'
pod='podSelector:\n        matchLabels:\n          app: {{ it.client }}\n'
(policy let-in-1 {{ it.port }}; printf "    - $ns") > /opt/policies/1.yaml
(policy let-in-2 {{ it.port }}; printf "    - $ns    - $pod") > /opt/policies/2.yaml
(policy let-in-3 {{ it.port }}; printf "    - $ns      $pod") > /opt/policies/3.yaml
(policy let-in-4 80; printf "    - $ns      $pod") > /opt/policies/4.yaml
cat /opt/policies/*.yaml | md5sum > /var/tmp/.policies
kubectl get networkpolicy closed -n {{ it.back }} -o jsonpath='{.metadata.uid} {.metadata.generation}' > /var/tmp/.closed
