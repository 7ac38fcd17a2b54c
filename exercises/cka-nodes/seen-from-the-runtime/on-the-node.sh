ssh {{ node }} <<'EOF'
id=$(crictl ps | awk '$0 ~ / {{ app.name }} / {print $1; exit}')
echo "$id $(crictl inspect $id | grep runtimeType | cut -d '"' -f 4)" > /tmp/a
cat /var/log/pods/{{ app.ns }}_*/{{ app.name }}/0.log > /tmp/b
crictl stop $id
EOF
scp {{ node }}:/tmp/a /opt/container.txt
scp {{ node }}:/tmp/b /opt/container.log
