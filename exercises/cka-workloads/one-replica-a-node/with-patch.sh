kubectl create namespace {{ app.ns }}
kubectl create deployment {{ app.name }} -n {{ app.ns }} --image=nginx:1.27 --replicas=0
kubectl patch deployment {{ app.name }} -n {{ app.ns }} --type=merge -p '{"spec":{"replicas":3,"template":{"spec":{"affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"kubernetes.io/hostname","labelSelector":{"matchExpressions":[{"key":"app","operator":"In","values":["{{ app.name }}"]}]}}]}}}}}}'
