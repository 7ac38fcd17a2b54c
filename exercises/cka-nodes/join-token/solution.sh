mkdir -p $(dirname {{ file }})
kubeadm token create --ttl {{ hours }}h --description "{{ text }}" --print-join-command > {{ file }}
