for p in $(kubectl get pods -n {{ ns }} -l app=worker -o jsonpath='{.items[*].metadata.name}'); do
  if kubectl logs $p -n {{ ns }} -c main | grep -q {{ bad }}; then
    echo $p > /opt/answers/pod.txt
    kubectl logs $p -n {{ ns }} -c main | grep {{ bad }} > /opt/answers/lines.txt
  fi
done
