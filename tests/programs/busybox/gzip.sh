gzip -c words | gunzip | cmp - words && echo same
gzip -9c words | wc -c
