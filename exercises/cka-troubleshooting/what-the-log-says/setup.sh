mkdir -p /opt/answers
kubectl create namespace {{ ns }}
for n in a b c; do
main="start; E-100"; proxy="ready"
test $n = a && proxy="peer says {{ bad }}"
test $n = c && main="start; {{ bad }} first; ok; {{ bad }} second; ok; {{ bad }} third"
kubectl apply -f - <<EOF
apiVersion: v1
kind: Pod
metadata: {name: worker-$n, namespace: {{ ns }}, labels: {app: worker}}
spec:
  containers:
  - {name: main, image: "busybox:1.36", command: [sh, -c, "echo '$main' | tr ';' '\\n' | sed 's/^ //'; sleep infinity"]}
  - {name: proxy, image: "busybox:1.36", command: [sh, -c, "echo '$proxy'; sleep infinity"]}
EOF
done
