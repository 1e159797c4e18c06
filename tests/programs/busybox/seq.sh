seq 1 3 20 | paste -s -d+ - | bc
seq 5 | shuf -n 0
seq 3 | tac
