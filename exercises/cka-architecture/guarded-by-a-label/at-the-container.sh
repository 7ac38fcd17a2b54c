kubectl get deployment {{ app.name }} -n {{ app.ns }} -o json | jq '.spec.template.spec.containers[0].securityContext = {runAsNonRoot: true, runAsUser: 101, allowPrivilegeEscalation: false, seccompProfile: {type: "RuntimeDefault"}, capabilities: {drop: ["ALL"]}}' | kubectl replace -f -
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }} --timeout=90s
kubectl label ns {{ app.ns }} pod-security.kubernetes.io/enforce=restricted pod-security.kubernetes.io/enforce-version=latest pod-security.kubernetes.io/warn=restricted
