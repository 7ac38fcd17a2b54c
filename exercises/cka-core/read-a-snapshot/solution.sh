for name in old.db new.db; do etcdutl snapshot restore {{ folder }}/$name --data-dir /tmp/try-$name >/dev/null 2>&1 && echo $name > /opt/good-snapshot.txt; done
etcdutl snapshot status {{ folder }}/$(cat /opt/good-snapshot.txt) -w json | jq .totalKey > /opt/keys.txt
