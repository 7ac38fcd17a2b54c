kubectl create serviceaccount {{ app.name }} -n {{ app.ns }}
cat > pod.yaml <<EOF
apiVersion: v1
kind: Pod
metadata:
  name: {{ app.name }}
  namespace: {{ app.ns }}
spec:
  serviceAccountName: {{ app.name }}
  automountServiceAccountToken: false
  containers:
  - name: main
    image: nginx:1.27
    volumeMounts:
    - name: tokens
      mountPath: /var/run/tokens
  volumes:
  - name: tokens
    projected:
      sources:
      - serviceAccountToken:
          path: token
          audience: {{ app.audience }}
          expirationSeconds: {{ life }}
EOF
kubectl apply -f pod.yaml
kubectl wait --for=condition=Ready pod/{{ app.name }} -n {{ app.ns }} --timeout=60s
