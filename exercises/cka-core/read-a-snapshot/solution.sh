for name in old.db new.db; do etcdutl snapshot restore {{ folder }}/$name --data-dir /tmp/try-$name >/dev/null 2>&1 && echo $name > /root/good-snapshot.txt; done
etcdutl snapshot status {{ folder }}/$(cat /root/good-snapshot.txt) -w json | jq .totalKey > /root/keys.txt
