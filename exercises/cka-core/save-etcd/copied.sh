cp /var/lib/etcd/member/snap/db {{ file }}
