seq 1 100000 | head -n 1
