kubectl apply -f /root/policies/4.yaml
