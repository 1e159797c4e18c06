sleep 0.05 & wait $!; echo done $?; (exit 9) & wait $!; echo $?
