kubectl get sc quick -o json | jq '{apiVersion, kind, provisioner, volumeBindingMode, metadata: {name: "{{ name }}"}, reclaimPolicy: "Retain", allowVolumeExpansion: true}' | kubectl create -f -
kubectl annotate sc quick storageclass.kubernetes.io/is-default-class-
kubectl annotate sc {{ name }} storageclass.kubernetes.io/is-default-class=true
