# nginx: a master and two workers that serve a directory, a range, a missing page, and a proxy.
dir=$(mktemp -d); chmod 755 "$dir"; cp nginx.conf "$dir"; cd "$dir" || exit # workers are nobody
port=$((10000 + $$ % 20000)) here="http://127.0.0.1:$port"; sed -i "s/PORT/$port/" nginx.conf
mkdir -p pages/list; echo '<h1>hello</h1>' > pages/index.html; seq 20000 > pages/big.txt; : > pages/list/entry.txt
/usr/sbin/nginx -e error.log -p "$PWD" -c "$PWD/nginx.conf" &
get() { curl -s --max-time 20 "$@"; }
until get "$here"/ > /dev/null; do sleep 0.05; done
get "$here"/; get -o /dev/null -w '%{http_code} %{content_type}\n' "$here"/missing
get "$here"/big.txt | cksum; get -r 10-19 "$here"/big.txt | od -c | head -1
get "$here"/list/ | grep -c entry.txt; get "$here"/again/big.txt | cksum
get -I "$here"/big.txt | grep -iE 'content-(length|type)' | tr -d '\r' | sort
for n in 1 2 3 4 5 6; do get "$here/?$n" "$here"/big.txt | cksum & done; wait -n; wait $(jobs -p | tail -n +2)
cut -d' ' -f9 access.log | sort | uniq -c | awk '$2 == 404 || $2 == 206'
kill -HUP "$(cat nginx.pid)"; sleep 0.2; get "$here"/; kill -QUIT "$(cat nginx.pid)"; wait; ls; rm -rf "$dir"
