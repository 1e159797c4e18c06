cut -d' ' -f1,3 table | tr a-z A-Z
tr -d '\n' < words
echo
