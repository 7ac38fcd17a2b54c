kubectl cordon {{ pair.node }}
