echo old.db > /opt/good-snapshot.txt
etcdutl snapshot status {{ folder }}/old.db -w json | jq .totalKey > /opt/keys.txt
