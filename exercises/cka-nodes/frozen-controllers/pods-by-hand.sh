kubectl run {{ app }}-2 --image=nginx:1.27 --labels=app={{ app }}
kubectl run {{ app }}-3 --image=nginx:1.27 --labels=app={{ app }}
sleep 90
