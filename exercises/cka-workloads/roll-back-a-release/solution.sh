kubectl rollout history deployment {{ app.name }} -n {{ app.ns }}
for n in 1 2 3 4; do kubectl rollout history deployment {{ app.name }} -n {{ app.ns }} --revision=$n | grep -q 'nginx:{{ good.tag }}$' && found=$n; done
kubectl rollout undo deployment {{ app.name }} -n {{ app.ns }} --to-revision=$found
echo $found > /opt/answers/revision.txt
kubectl rollout status deployment {{ app.name }} -n {{ app.ns }}
