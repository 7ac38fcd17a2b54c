printf 'apiVersion: v1\nkind: LimitRange\nmetadata: {name: container-rules, namespace: {{ ns }}}\nspec: {limits: [{type: Container, max: {cpu: {{ most }} }, default: {cpu: 100m, memory: 64Mi}, defaultRequest: {cpu: 50m, memory: 32Mi}}]}\n' | kubectl create -f -
kubectl create quota total -n {{ ns }} --hard=pods={{ pods }},limits.cpu=1,limits.memory=512Mi
