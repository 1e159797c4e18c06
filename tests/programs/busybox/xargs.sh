ls tree | sort | xargs -n 1 echo item
echo a b c | xargs -n 2
