kubectl delete rolebinding {{ team.role }} -n {{ team.ns }}
