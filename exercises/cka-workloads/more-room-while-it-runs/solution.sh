kubectl patch pod {{ app.name }} -n {{ app.ns }} --subresource=resize -p '{"spec":{"containers":[{"name":"{{ app.container }}","resources":{"requests":{"cpu":"{{ cpu }}"},"limits":{"memory":"{{ mem }}"}}}]}}'
sleep 10
