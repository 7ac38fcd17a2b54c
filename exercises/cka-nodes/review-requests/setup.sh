for name in {{ good }} {{ bad }}; do
  group=automation
  test $name = {{ bad }} && group=kubeadm:cluster-admins
  openssl genrsa -out /tmp/$name.key 2048 2>/dev/null
  openssl req -new -key /tmp/$name.key -subj "/O=$group/CN=$name-owner" -out /tmp/$name.csr
  printf 'apiVersion: certificates.k8s.io/v1\nkind: CertificateSigningRequest\nmetadata: {name: %s}\nspec: {request: %s, signerName: kubernetes.io/kube-apiserver-client, usages: [client auth]}\n' $name $(base64 -w0 /tmp/$name.csr) > /tmp/$name.yaml
  kubectl create -f /tmp/$name.yaml
done
rm -f /tmp/*.key /tmp/*.csr /tmp/*.yaml
