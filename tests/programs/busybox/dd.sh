dd if=/dev/zero of=z bs=1000 count=70 2>/dev/null
wc -c < z
od -c words | head -n 3
