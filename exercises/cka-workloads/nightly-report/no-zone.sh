kubectl create cronjob {{ app.name }} -n {{ app.ns }} --image=busybox:1.36 --schedule="30 {{ hour }} * * *" -- sh -c 'date; echo report done'
kubectl patch cronjob {{ app.name }} -n {{ app.ns }} -p '{"spec":{"concurrencyPolicy":"Forbid","successfulJobsHistoryLimit":2,"jobTemplate":{"spec":{"activeDeadlineSeconds":120,"backoffLimit":2}}}}'
kubectl create job {{ app.name }}-now -n {{ app.ns }} --from=cronjob/{{ app.name }}
