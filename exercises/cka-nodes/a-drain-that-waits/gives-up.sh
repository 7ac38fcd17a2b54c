kubectl drain node02 --ignore-daemonsets --delete-emptydir-data --timeout=30s
