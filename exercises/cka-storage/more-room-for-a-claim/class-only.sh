kubectl patch storageclass elastic -p '{"allowVolumeExpansion":true}'
