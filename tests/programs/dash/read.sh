printf 'a\\b c\n' | { read -r x y; echo $x,$y; }; echo 1:2 | (IFS=: read a b; echo $b)
