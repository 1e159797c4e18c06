# What the sanitizers say of each kind of error, and of none.
for kind in none leak behind undefined; do
    ./wrong $kind 2>report
    echo "$kind: exit $?"
    grep -oE '(SUMMARY: \w+: [^/]*|runtime error: [a-z ]*)' report
done
./race locked && echo "no race"
./race 2>report
echo "race: exit $?"
grep -oE 'SUMMARY: \w+: [^/]*' report
rm report
