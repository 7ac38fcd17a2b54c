kubectl patch deployment {{ app }} -p '{"spec":{"template":{"spec":{"nodeName":"node01"}}}}'
sleep 90
