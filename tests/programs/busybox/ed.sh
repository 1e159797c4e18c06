printf '%s\n' 1i zero . w q | ed words
cat words | head -n 2
