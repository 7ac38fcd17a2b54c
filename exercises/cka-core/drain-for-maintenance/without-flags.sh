kubectl drain {{ pair.node }}
