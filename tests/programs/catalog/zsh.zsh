# zsh: its own globs, arrays and expansions, and the modules that work with the system.
setopt extendedglob nullglob
mkdir -p d/e/f; touch d/x.txt d/e/y.txt d/e/f/z.md
print -l **/*.(txt|md)(.); print -l d/**/*(/); words='1 2 3'; print ${(j:,:)${(s: :)words}}
typeset -A h=(a 1 b 2 c 3); print ${(ko)h} ${(vo)h}; a=({1..10}); print ${a[2,-2]} ${#a} ${(Oa)a}
[[ foo123 = (#b)([a-z]##)([0-9]##) ]] && print $match; print $((2**40)) $((1.0 / 3)) $((16#ff))
f() { (( $1 > 1 )) && f $(($1 - 1)); print -n "$1 " }; f 5; print
autoload -Uz zmv; zmv 'd/(*).txt' 'd/$1.bak'; print d/*
coproc { while read line; do print "<$line>"; done }; worker=$!; print -p hi; read -p answer; print $answer; kill $worker
diff <(print a) <(print b); cat =(print from a temporary file)
zmodload zsh/zpty zsh/net/tcp zsh/net/socket zsh/stat zsh/system zsh/mathfunc zsh/zselect zsh/regex
zpty p cat; zpty -w p line; zpty -r p out; print -r -- ${out%%$'\r'*}; zpty -d p
port=$((10000 + $$ % 20000)); ztcp -l $port; listener=$REPLY
( ztcp 127.0.0.1 $port; print -u $REPLY over TCP; read -u $REPLY ) & ztcp -a $listener; read -u $REPLY word; print $word
print -u $REPLY end; wait $!; ztcp -c
zsocket -l socket; listener=$REPLY; ( zsocket socket; print -u $REPLY over a UNIX socket ) & zsocket -a $listener
read -u $REPLY word; print $word; wait $!; rm socket
zstat +size =zsh > /dev/null && zstat -H s d/e/y.txt; print $s[size] $s[nlink]; print $(( int(sqrt(2) * 1000) ))
zselect -t 5; print $?; [[ abc -regex-match b+ ]] && print $MATCH
{ sysread -o 1 } <<< "read by the system"; sysopen -w -o creat -u fd o; syswrite -o $fd text; exec {fd}>&-; cat o; print
TRAPUSR1() { print usr1 }; kill -USR1 $$; sleep 100 & kill %1; wait %1; print $?
ulimit -n 64; ulimit -n; repeat 3 print -n x; print; print -l 3 1 2 | sort | paste -s; print ${(%):-%n}
TRAPEXIT() { print bye }; return 3
