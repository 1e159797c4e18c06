for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; done
n=0; until [ $n -ge 3 ]; do n=$((n + 1)); done; echo $n
while :; do break; done; case abc in a*) echo starts;; *) echo no;; esac
