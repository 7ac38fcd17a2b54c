cp /etc/kubernetes/admin.conf {{ file }}
