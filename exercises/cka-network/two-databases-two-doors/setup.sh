kubectl create namespace {{ ns }}
kubectl run {{ first }} -n {{ ns }} --image=registry.k8s.io/e2e-test-images/agnhost:2.53 --labels=app={{ first }} --port=5432 --expose -- netexec --http-port=5432
kubectl run cache -n {{ ns }} --image=redis:7 --labels=app=cache --port=6379 --expose
kubectl run plain -n {{ ns }} --image=nginx:1.27 --labels=app=plain --port=80 --expose
kubectl run twin-a -n {{ ns }} --image=redis:7 --labels=app={{ first }},twin=a
kubectl run twin-b -n {{ ns }} --image=registry.k8s.io/e2e-test-images/agnhost:2.53 --labels=app=cache,twin=b -- netexec --http-port=5432
kubectl patch service {{ first }} -n {{ ns }} -p '{"spec":{"selector":{"run":null,"app":"{{ first }}"}}}'
kubectl label pod {{ first }} cache -n {{ ns }} main=yes
kubectl patch service {{ first }} -n {{ ns }} -p '{"spec":{"selector":{"main":"yes"}}}'
kubectl patch service cache -n {{ ns }} -p '{"spec":{"selector":{"main":"yes"}}}'
