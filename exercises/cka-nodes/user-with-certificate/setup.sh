kubectl create namespace workshop
openssl genrsa -out /opt/{{ user }}.key 2048 2>/dev/null
openssl req -new -key /opt/{{ user }}.key -subj "/O={{ team }}/CN={{ user }}" -out /opt/{{ user }}.csr
