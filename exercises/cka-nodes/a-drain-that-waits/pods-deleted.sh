kubectl drain node02 --ignore-daemonsets --delete-emptydir-data --disable-eviction --force --timeout=120s
