echo ErrImagePull > /opt/answers/reason.txt
kubectl get deployment {{ app.name }} -n {{ app.ns }} -o yaml | sed 's#image: .*#image: {{ app.good }}#' | kubectl replace -f -
