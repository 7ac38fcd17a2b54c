kubectl create -f - <<EOF
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: small-{{ ns }}}
spec:
  matchConstraints:
    namespaceSelector: {matchExpressions: [{key: size, operator: In, values: [small]}]}
    resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}]
  validations: [{expression: "!(object.spec.replicas > {{ max }})", messageExpression: "'at most {{ max }} replicas here'"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: small-{{ ns }}}
spec: {policyName: small-{{ ns }}, validationActions: [Deny]}
EOF
