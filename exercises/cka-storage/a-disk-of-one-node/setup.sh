kubectl create namespace {{ app.ns }}
ssh {{ node }} mkdir -p /mnt/disks/fast
