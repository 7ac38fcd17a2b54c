mkdir -p $(dirname {{ file }})
kubeadm token create --description "{{ text }}" --print-join-command > {{ file }}
