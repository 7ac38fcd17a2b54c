cat > policy.yaml <<EOF
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: small-{{ ns }}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
    - apiGroups: ["apps"]
      apiVersions: ["v1"]
      operations: ["CREATE", "UPDATE"]
      resources: ["deployments"]
  validations:
  - expression: "object.spec.replicas <= {{ max }}"
    message: "at most {{ max }} replicas here"
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: small-{{ ns }}
spec:
  policyName: small-{{ ns }}
  validationActions: ["Deny"]
  matchResources:
    namespaceSelector:
      matchLabels:
        size: small
EOF
kubectl apply -f policy.yaml
