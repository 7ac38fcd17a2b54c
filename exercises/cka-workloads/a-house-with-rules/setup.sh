kubectl create namespace {{ ns }}
