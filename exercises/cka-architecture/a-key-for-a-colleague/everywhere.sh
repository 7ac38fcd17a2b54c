cat > csr.yaml <<EOF
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata:
  name: {{ user.name }}
spec:
  request: $(base64 -w 0 /opt/keys/{{ user.name }}.csr)
  signerName: kubernetes.io/kube-apiserver-client
  expirationSeconds: 604800
  usages: ["client auth"]
EOF
kubectl apply -f csr.yaml
kubectl certificate approve {{ user.name }}
sleep 5
kubectl get csr {{ user.name }} -o jsonpath='{.status.certificate}' | base64 -d > /opt/keys/{{ user.name }}.crt
kubectl create clusterrole {{ user.name }} --verb=get,list --resource=pods
kubectl create clusterrolebinding {{ user.name }} --clusterrole={{ user.name }} --user={{ user.name }}
