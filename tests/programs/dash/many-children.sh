i=0; while [ $i -lt 40 ]; do /bin/true & i=$((i+1)); done; wait; echo $i
