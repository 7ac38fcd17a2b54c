for csr in {{ good }} {{ bad }}; do
  subject=$(kubectl get csr $csr -o jsonpath='{.spec.request}' | base64 -d | openssl req -noout -subject)
  case "$subject" in
    *kubeadm:cluster-admins*) kubectl certificate deny $csr; echo "${subject##*CN = }" > /opt/denied.txt ;;
    *) kubectl certificate approve $csr ;;
  esac
done
sleep 5
