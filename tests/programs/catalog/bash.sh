# bash: arrays, substitutions, traps, coprocesses, process substitution, wait -n, job control.
declare -A count
while read -r word; do ((count[$word]++)); done < <(printf '%s\n' a b a c a b)
for key in $(printf '%s\n' "${!count[@]}" | sort); do echo "$key=${count[$key]}"; done
list=(one two three "four five")
echo "${#list[@]} ${list[@]:1:2} ${list[-1]^^} ${list[0]/o/0}"
printf '%q %05.2f %x\n' "a b" 3.14159 255
[[ "key=value" =~ ^([a-z]+)=(.*)$ ]] && echo "${BASH_REMATCH[2]}"
diff <(printf '1\n2\n') <(printf '1\n3\n'); echo "diff said $?"
tee >(sort -r > sorted) < <(seq 3) > /dev/null; until [ -s sorted ]; do sleep 0.01; done; cat sorted
coproc UPPER { while read -r line; do echo "${line^^}"; done; }
echo "through a coprocess" >&"${UPPER[1]}"; read -r answer <&"${UPPER[0]}"; echo "$answer"
eval "exec ${UPPER[1]}>&-"; wait "$UPPER_PID"; echo "coprocess ended $?"
trap 'echo "trap: $BASH_COMMAND"' ERR; false; trap - ERR
trap 'echo usr1' USR1; kill -USR1 $$; (kill -USR1 $$); trap - USR1
for n in 3 1 2; do (sleep "0.$((n * 3))"; exit "$n") & done
for _ in 1 2 3; do wait -n; echo "ended $?"; done
set -m
sleep 100 & sleep 200 &
jobs | sed 's/ *$//'
kill -STOP %1; until jobs %1 | grep -q Stopped; do sleep 0.01; done; jobs %1 | sed 's/ *$//'
kill -CONT %1; { kill %1; wait %1; kill %2; wait %2; } 2> /dev/null; echo "killed, $?"
(sleep 0.3; exit 7) & fg %% > /dev/null; echo "foreground gave $?"
set +m
exec 5<>both; echo "written" >&5; exec 5>&-; cat both
mapfile -t lines < <(seq 5 -1 1); echo "${lines[*]}"
ulimit -c 0; ulimit -S -n 100; ulimit -n
shopt -s globstar extglob nullglob; mkdir -p g/h/i; : > g/h/i/x.txt > g/y.txt
echo **/*.txt; echo g/!(h); echo nothing*here
cat <<< "here string"; echo "$((16#ff + 2**10)) $((RANDOM >= 0)) $BASH_SUBSHELL $(echo $BASH_SUBSHELL)"
f() { local x=$1; ((x > 0)) && { f $((x - 1)); echo -n "$x "; }; }; f 9; echo
set -o pipefail; false | true; echo "pipefail $? ${PIPESTATUS[*]}"
getopts ab: option -b value; echo "$option $OPTARG"
timeout 2 bash -c 'trap "" TERM; echo ignoring; trap - TERM; sleep 10'; echo "timeout gave $?"
exit 9
