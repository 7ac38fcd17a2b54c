kubectl uncordon {{ pair.node }}
