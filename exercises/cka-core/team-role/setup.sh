kubectl create namespace {{ who.ns }}
