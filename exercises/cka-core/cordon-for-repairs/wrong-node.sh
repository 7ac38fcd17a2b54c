kubectl cordon {{ pair.other }}
