trap 'echo interrupted; exit 7' INT
kill -INT $$
echo not reached
