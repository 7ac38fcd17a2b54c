kubectl apply -f /opt/policies/4.yaml
