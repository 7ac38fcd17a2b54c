mkdir -p $(dirname {{ file }})
token=$(kubeadm token generate)
kubeadm token create $token --ttl {{ hours }}h --description "{{ text }}" --print-join-command > {{ file }}
