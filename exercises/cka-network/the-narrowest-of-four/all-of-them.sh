kubectl apply -f /root/policies
