etcdctl snapshot save {{ file }} --endpoints=https://127.0.0.1:2379 --command-timeout=5s
