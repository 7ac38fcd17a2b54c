kubectl create namespace {{ app.ns }}
cat > all.yaml <<EOF
apiVersion: v1
kind: Service
metadata:
  name: {{ app.name }}
  namespace: {{ app.ns }}
spec:
  ports:
  - port: {{ port }}
    targetPort: 10250
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: {{ app.name }}-1
  namespace: {{ app.ns }}
  labels:
    kubernetes.io/service-name: {{ app.name }}
addressType: IPv4
ports:
- port: {{ port }}
  protocol: TCP
endpoints:
- addresses: ["172.30.3.2"]
EOF
kubectl apply -f all.yaml
