kubectl apply -f /opt/policies/1.yaml
