kubectl patch node {{ pair.node }} -p '{"spec":{"unschedulable":true}}'
