seq 1 2000 | cat | cat | cat | cat | cat | tail -n 1
