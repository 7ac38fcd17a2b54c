kubectl create deployment {{ app.name }} -n {{ app.ns }} --image=nginx:1.27
kubectl patch deployment {{ app.name }} -n {{ app.ns }} -p '{"spec":{"template":{"spec":{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"disk","operator":"In","values":["ssd","nvme"]},{"key":"spot","operator":"DoesNotExist"}]}]}}}}}}}'
