helm rollback {{ it.release }} 2 -n {{ it.ns }}
helm history {{ it.release }} -n {{ it.ns }} > /opt/history.txt
