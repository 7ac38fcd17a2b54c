sed -i 's#server: .*#server: https://172.30.1.2:6443#' {{ file }}
