kubectl apply -f /root/policies/2.yaml
