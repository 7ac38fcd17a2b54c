mkdir -p /opt/settings
cat > /opt/settings/app.properties <<EOF
mode={{ app.mode }}
retries=3
owner={{ app.ns }}
EOF
kubectl create namespace {{ app.ns }}
