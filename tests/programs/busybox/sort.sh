sort -u words
sort -k2 -n table
sort -r words | head -n 1
