kubectl apply -f /opt/policies
