{{ fault.mend }}
sleep 60
