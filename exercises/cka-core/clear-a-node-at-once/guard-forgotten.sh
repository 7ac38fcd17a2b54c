kubectl taint node {{ node }} {{ taint.key }}={{ taint.value }}:NoExecute
