kubectl rollout undo deployment {{ app.name }} -n {{ app.ns }}
echo ImagePullBackOff > /opt/answers/reason.txt
