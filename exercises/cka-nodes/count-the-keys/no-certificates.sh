mkdir -p $(dirname {{ file }})
etcdctl --endpoints=https://127.0.0.1:2379 get /registry/configmaps/{{ ns }}/ --prefix --keys-only --command-timeout=5s > {{ file }}
