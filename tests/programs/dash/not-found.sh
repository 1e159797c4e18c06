nosuchcommand
echo $?
./nope
echo $?
/tmp
echo $?
