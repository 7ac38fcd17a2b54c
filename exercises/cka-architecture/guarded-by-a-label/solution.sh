kubectl label namespace {{ app.ns }} pod-security.kubernetes.io/enforce=restricted pod-security.kubernetes.io/warn=restricted
kubectl patch deployment {{ app.name }} -n {{ app.ns }} -p '{"spec":{"template":{"spec":{"securityContext":{"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}},"containers":[{"name":"nginx-unprivileged","securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}}]}}}}'
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }} --timeout=90s
