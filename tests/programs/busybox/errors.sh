cat nope
ls nope
cd nope
mkdir tree
rmdir tree
rm nope
echo $?
