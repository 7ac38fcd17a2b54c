kubectl taint node node01 node02 {{ taint.key }}-
