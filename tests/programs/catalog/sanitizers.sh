# What gcc's sanitizers find: each kind of error once, and nothing in a program without.
gcc -g -O1 -w -fsanitize=address,undefined -o wrong wrong.c || exit
for kind in none leak behind freed twice stack undefined null; do
    echo "$kind:"
    ./wrong $kind 2>report
    echo "exit $?"
    grep -oE 'SUMMARY:.*|runtime error:.*' report | sed 's/0x[0-9a-f]*/somewhere/'
done
gcc -g -O1 -w -fsanitize=thread -o race race.c || exit
./race locked && echo "no race"
./race 2>report
echo "exit $?"
grep -oE 'SUMMARY:.*' report
rm report wrong race
