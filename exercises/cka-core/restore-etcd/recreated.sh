kubectl create configmap {{ lost }} --from-literal=version=7
