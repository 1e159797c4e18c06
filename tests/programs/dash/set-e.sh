set -e
echo one
false
echo not reached
