head -c 10 words
tail -n 2 words
tail -c 5 words
rev words | tac | nl
