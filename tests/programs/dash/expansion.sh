v=path/to/file.txt; echo ${v##*/} ${v%.*} ${v#*/} ${#v} ${none:-default} ${v:+set}
set -- a 'b c' d; echo $# "$2"; shift; echo "$@"; IFS=,; x=1,2,3; set -- $x; echo $3
echo *.none [x]; echo "$((0x10 + 010 + (7 % 4) << 2))"
