mkdir -p $(dirname {{ file }})
plan=$(kubeadm upgrade plan 2>/dev/null)
echo "$plan" | awk '$1 == "kube-apiserver" {print $4}' > {{ file }}
echo "$plan" | awk '$1 == "CoreDNS" {print $3}' >> {{ file }}
