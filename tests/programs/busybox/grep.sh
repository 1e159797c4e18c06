grep -rn needle tree | sort
grep -c hay tree/two.txt
grep -q nope words
echo $?
