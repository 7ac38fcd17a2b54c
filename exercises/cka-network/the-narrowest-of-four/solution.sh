kubectl describe networkpolicy -n {{ it.back }}
kubectl apply -f /root/policies/3.yaml
