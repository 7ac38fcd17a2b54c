kubectl apply -f /opt/policies/2.yaml
