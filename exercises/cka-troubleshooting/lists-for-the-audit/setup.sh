kubectl create namespace {{ it.ns }}
kubectl create namespace extra
kubectl run {{ it.app }}-1 -n {{ it.ns }} --image=nginx:1.27 --labels={{ it.label }}
kubectl run {{ it.app }}-2 -n {{ it.ns }} --image=httpd:2.4 --labels={{ it.label }},x=y
kubectl run side -n extra --image=nginx:1.27 --labels={{ it.label }}
kubectl run other -n extra --image=redis:7 --labels=tier=cache
kubectl apply -n {{ it.ns }} -f - <<EOF
apiVersion: v1
kind: Pod
metadata: {name: prepared}
spec:
  initContainers: [{name: prepare, image: "busybox:1.36", command: ["true"]}]
  containers: [{name: main, image: "nginx:1.27"}]
EOF
for it in a:10Gi b:1Ti c:500Mi d:20Gi; do
printf 'apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: bay-%s}\nspec: {capacity: {storage: %s}, accessModes: [ReadWriteOnce], hostPath: {path: /srv/%s}}\n' ${it%:*} ${it#*:} ${it%:*} | kubectl apply -f -
done
