# sshd: a login by key, commands, a terminal, files by scp and sftp, a forwarded port, a shared connection, a refusal.
dir=$(mktemp -d); cd "$dir" || exit
port=$((10000 + $$ % 20000))
for key in host user stranger; do ssh-keygen -q -t ed25519 -N '' -f "$key"; done; mkdir -p /run/sshd 2> /dev/null
cat > config << END
Port $port
ListenAddress 127.0.0.1
HostKey $dir/host
AuthorizedKeysFile $dir/user.pub
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
Subsystem sftp internal-sftp
END
/usr/sbin/sshd -f config -D -E log & server=$!
until grep -q listening log 2> /dev/null; do sleep 0.05; done
printf '[127.0.0.1]:%s %s\n' "$port" "$(cut -d' ' -f1,2 host.pub)" "$((port + 1))" "$(cut -d' ' -f1,2 host.pub)" > known
options=(-F none -i user -o BatchMode=yes -o "UserKnownHostsFile=$dir/known" -o LogLevel=ERROR)
s() { ssh "${options[@]}" -p "$port" "$@"; }
here=$(id -un)@127.0.0.1
s "$here" 'echo "$0 in $PWD"; id -u; exit 5'; echo "exit $?"; seq 20000 | s "$here" cksum
s -tt "$here" 'tty | cut -c1-8; exit 2' < /dev/null | tr -d '\r'; s "$here" 'kill -9 $$'; echo "exit $?"
seq 50000 > big; scp -q "${options[@]}" -P "$port" big "$here:$dir/copy"; cmp big copy && echo same
printf '%s\n' "cd $dir" 'get big got' 'rename copy moved' 'ls -1 b*' | sftp -q -b - "${options[@]}" -P "$port" "$here" | grep -v '^sftp>'
cmp big got && ls moved
s -o ControlMaster=yes -o ControlPath=master -o ExitOnForwardFailure=yes -fNL "$((port + 1)):127.0.0.1:$port" "$here"
ssh "${options[@]}" -p "$((port + 1))" "$here" echo through the tunnel; s -o ControlPath=master "$here" echo by the same connection
s -o ControlPath=master -O exit "$here" 2>&1
ssh -F none -i stranger -o BatchMode=yes -o "UserKnownHostsFile=$dir/known" -p "$port" "$here" true 2>&1 | sed 's/ by .*//'
kill "$server"; wait "$server"; echo "ended: $?"; cd /; rm -rf "$dir"
