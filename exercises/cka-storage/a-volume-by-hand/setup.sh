kubectl create namespace {{ app.ns }}
kubectl annotate sc local-path storageclass.kubernetes.io/is-default-class=true
ssh {{ node }} "mkdir -p {{ app.dir }} && echo '<h1>pages of {{ app.name }}</h1>' > {{ app.dir }}/index.html"
