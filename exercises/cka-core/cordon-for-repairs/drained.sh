kubectl drain {{ pair.node }} --ignore-daemonsets --delete-emptydir-data --force
