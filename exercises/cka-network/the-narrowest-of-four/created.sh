kubectl create -f /opt/policies/3.yaml --save-config
