cat > rules.yaml <<EOF
apiVersion: v1
kind: LimitRange
metadata:
  name: container-rules
  namespace: {{ ns }}
spec:
  limits:
  - type: Container
    defaultRequest:
      cpu: 50m
      memory: 32Mi
    default:
      cpu: 100m
      memory: 64Mi
    max:
      cpu: {{ most }}
EOF
kubectl apply -f rules.yaml
kubectl create quota total -n {{ ns }} --hard=pods={{ pods }},requests.cpu=1,requests.memory=512Mi
