kubectl logs -n {{ ns }} -l app=worker --all-containers --prefix --tail=-1 | grep {{ bad }} > found.txt
sed 's#^\[pod/\([^/]*\)/.*#\1#' found.txt | sort -u > /opt/answers/pod.txt
cut -d' ' -f2- found.txt > /opt/answers/lines.txt
