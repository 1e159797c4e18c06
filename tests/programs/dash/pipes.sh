printf 'c\na\nb\n' | sort | { read x; echo first $x; cat; } | tail -n 1; false | true; echo $?
