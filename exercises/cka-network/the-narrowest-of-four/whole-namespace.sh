kubectl apply -f /root/policies/1.yaml
