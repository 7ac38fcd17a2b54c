kubectl create namespace {{ app.ns }}
