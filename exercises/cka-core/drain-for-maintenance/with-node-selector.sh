kubectl cordon {{ pair.node }}
kubectl drain --selector kubernetes.io/hostname={{ pair.node }} --ignore-daemonsets --delete-emptydir-data --force
