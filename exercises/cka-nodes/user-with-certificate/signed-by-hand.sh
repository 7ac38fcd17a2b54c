cat > /opt/csr.yaml <<EOF
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata:
  name: {{ user }}
spec:
  request: $(cat /opt/{{ user }}.csr | base64 | tr -d '\n')
  signerName: kubernetes.io/kube-apiserver-client
  expirationSeconds: 864000
  usages:
  - digital signature
  - client auth
EOF
kubectl create -f /opt/csr.yaml
kubectl certificate approve {{ user }}
sleep 5
kubectl get csr {{ user }} -o jsonpath='{.status.certificate}' | base64 -d > /opt/{{ user }}.crt
kubectl create role {{ team }}-pods -n workshop --verb=get --verb=list --verb=watch --resource=pods
kubectl create rolebinding {{ team }}-pods -n workshop --role={{ team }}-pods --group={{ team }}
