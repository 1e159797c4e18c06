fact() { [ $1 -le 1 ] && echo 1 || echo $(( $1 * $(fact $(($1 - 1))) )); }
fact 6
f() { local v=in; g; echo $v; return 3; }; g() { echo "sees $v"; }; v=out; f; echo $? $v
