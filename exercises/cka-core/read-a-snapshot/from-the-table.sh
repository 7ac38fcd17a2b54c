if ! etcdutl snapshot restore {{ folder }}/old.db --data-dir /tmp/a; then echo new.db > /opt/good-snapshot.txt; fi
etcdutl snapshot status {{ folder }}/new.db | cut -d, -f3 | tr -d ' ' > /opt/keys.txt
