mkdir -p $(dirname {{ file }})
kubectl create configmap {{ marker }} --from-literal=period=42
