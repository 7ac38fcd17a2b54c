kubectl run {{ name }}-{{ node }} --image={{ image }} --port=80 --overrides='{"spec":{"nodeName":"{{ node }}"}}'
sleep 40
