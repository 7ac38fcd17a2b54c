ssh {{ node }} <<'EOF'
journalctl -u kubelet --no-pager | tail -3
cp /etc/kubernetes/pki/ca.crt /etc/kubernetes/pki/{{ file }}
systemctl start containerd
systemctl enable containerd
systemctl enable kubelet
systemctl restart kubelet
EOF
sleep 60
