kubectl create -f /root/policies/3.yaml --save-config
