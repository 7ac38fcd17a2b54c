mkdir -p /opt/facts
