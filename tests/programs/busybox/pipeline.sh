cat words | sort | uniq -c | sort -rn | head -n 2 | while read n w; do echo $w=$n; done
