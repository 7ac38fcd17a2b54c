mkdir -p /opt/keys
openssl genrsa -out /opt/keys/{{ user.name }}.key 2048
openssl req -new -key /opt/keys/{{ user.name }}.key -subj "/CN={{ user.name }}/O={{ user.group }}" -out /opt/keys/{{ user.name }}.csr
kubectl create namespace {{ ns }}
