x=1; (x=2; echo $x; exit 5); echo $x $?; y=$(echo sub; exit 3); echo $y $?
