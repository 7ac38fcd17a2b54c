kubectl set image deployment/{{ app.name }} -n {{ app.ns }} main=nginx:{{ good.tag }}
echo {{ good.revision }} > /opt/answers/revision.txt
