kubectl patch deployment {{ app }} -n {{ ns }} -p '{"spec":{"template":{"spec":{"containers":[{"name":"nginx","resources":{"limits":{"cpu":"0.1","memory":"64Mi"}}}]}}}}'
