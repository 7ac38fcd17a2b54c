kubectl label namespace {{ app.ns }} pod-security.kubernetes.io/enforce=restricted pod-security.kubernetes.io/warn=restricted
