kubectl create namespace workshop
openssl genrsa -out /root/{{ user }}.key 2048 2>/dev/null
openssl req -new -key /root/{{ user }}.key -subj "/O={{ team }}/CN={{ user }}" -out /root/{{ user }}.csr
