echo old.db > /root/good-snapshot.txt
etcdutl snapshot status {{ folder }}/old.db -w json | jq .totalKey > /root/keys.txt
