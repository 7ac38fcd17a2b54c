kubectl get events -n {{ it.ns }} --field-selector type=Warning -o jsonpath='{range .items[*]}{.involvedObject.name} {.reason}{"\n"}{end}' | sort -u > /opt/reasons.txt
printf '#!/bin/sh\nkubectl events -A --types=Warning\n' > /opt/warnings.sh
chmod +x /opt/warnings.sh
kubectl get pod {{ it.b }} -n {{ it.ns }} -o yaml | sed 's/name: {{ it.b }}-conf$/name: {{ it.b }}-config/' > pod.yaml
kubectl replace --force -f pod.yaml
kubectl wait --for=condition=Ready pod/{{ it.b }} -n {{ it.ns }} --timeout=60s
