kubectl patch pod {{ app.name }} -n {{ app.ns }} -p '{"spec":{"containers":[{"name":"{{ app.container }}","resources":{"requests":{"cpu":"{{ cpu }}"},"limits":{"memory":"{{ mem }}"}}}]}}'
