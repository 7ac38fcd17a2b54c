kubectl apply -f - <<EOF
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata:
  name: {{ user }}
spec:
  request: $(base64 -w0 /opt/{{ user }}.csr)
  signerName: kubernetes.io/kube-apiserver-client
  usages: [client auth]
EOF
kubectl certificate approve {{ user }}
sleep 5
kubectl get csr {{ user }} -o jsonpath='{.status.certificate}' | base64 -d > /opt/{{ user }}.crt
kubectl -n workshop create role {{ team }}-pods --verb=get,list,watch --resource=pods
kubectl -n workshop create rolebinding {{ team }}-pods --role={{ team }}-pods --group={{ team }}
