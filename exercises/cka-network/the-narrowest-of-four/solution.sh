kubectl describe networkpolicy -n {{ it.back }}
kubectl apply -f /opt/policies/3.yaml
