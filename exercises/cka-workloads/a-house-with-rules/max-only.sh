printf 'apiVersion: v1\nkind: LimitRange\nmetadata: {name: container-rules, namespace: {{ ns }}}\nspec: {limits: [{type: Container, max: {cpu: {{ most }}}}]}\n' | kubectl create -f -
kubectl create quota total -n {{ ns }} --hard=pods={{ pods }},requests.cpu=1,requests.memory=512Mi
