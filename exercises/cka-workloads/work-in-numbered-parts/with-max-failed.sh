kubectl create job {{ app.name }} -n {{ app.ns }} --image=busybox:1.36 --dry-run=client -o json -- sh -c 'echo part $JOB_COMPLETION_INDEX; test $JOB_COMPLETION_INDEX -ne {{ bad }}' > job.json
jq '.spec += {completionMode: "Indexed", completions: {{ parts }}, parallelism: 2, backoffLimitPerIndex: 1, maxFailedIndexes: {{ parts }} }' job.json | kubectl create -f -
sleep 150
echo {{ bad }} > /opt/failed-parts.txt
